package org.bitnetj.model;

import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.LayerPlan;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.MachineMemory;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.ModelBytes;
import org.bitnetj.source.ModelSource;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.RowGroups;
import org.jspecify.annotations.Nullable;

/**
 * A model's weights: ternary matrices repacked once into panels, norms copied, matrices of floats
 * (the embedding, the head) and whatever the file has in the engine's own layouts used in place in
 * the file's bytes, which they share, so that the file itself may be closed. Immutable and safe to
 * share.
 */
public final class Weights implements AutoCloseable {
  /**
   * One transformer block, in the order of the forward pass, with the shape of each weight (names
   * as in {@link org.bitnetj.family.Sizes}). A norm that the family does not have is {@link
   * Norm#none}.
   *
   * @param plan what the layer computes with them
   * @param attentionNorm {@code [width]}
   * @param query {@code [queryWidth][width]}: rows, then columns
   * @param key {@code [kvWidth][width]}
   * @param value {@code [kvWidth][width]}
   * @param queryNorm {@code [headDim]}, for every head
   * @param keyNorm {@code [headDim]}, for every head
   * @param attentionSubNorm {@code [queryWidth]}
   * @param attentionOutput {@code [width][queryWidth]}
   * @param attentionPostNorm {@code [width]}
   * @param feedForwardNorm {@code [width]}
   * @param gate {@code [feedForward][width]}
   * @param up {@code [feedForward][width]}
   * @param feedForwardSubNorm {@code [feedForward]}
   * @param down {@code [width][feedForward]}
   * @param feedForwardPostNorm {@code [width]}
   */
  public record Layer(
      LayerPlan plan,
      Norm attentionNorm,
      Linear query,
      Linear key,
      Linear value,
      Norm queryNorm,
      Norm keyNorm,
      Norm attentionSubNorm,
      Linear attentionOutput,
      Norm attentionPostNorm,
      Norm feedForwardNorm,
      Linear gate,
      Linear up,
      Norm feedForwardSubNorm,
      Linear down,
      Norm feedForwardPostNorm) {

    List<Linear> linears() {
      return List.of(query, key, value, attentionOutput, gate, up, down);
    }

    /** Whether a step of few rows can leave out what its feed-forward network multiplies by 0. */
    boolean canSkip() {
      return up instanceof Linear.Vectors;
    }
  }

  private final NativeMemory memory;
  private final ModelBytes bytes;
  private final ModelSpec spec;
  private final FloatMatrix embedding;
  private final float[] ropeDivisors;
  private final List<Layer> layers;
  private final RowGroups cut;
  private final Norm outputNorm;
  private final FloatMatrix head;
  private final @Nullable LowBitMatrix lowBitHead;
  private final long mappedBytes;

  /**
   * @param mappedBytes of what is in the engine's own layouts and used in place
   * @param memory holds all but what is used in place; closed with these weights
   * @param bytes hold that; closed with these weights
   */
  Weights(
      NativeMemory memory,
      ModelBytes bytes,
      ModelSpec spec,
      FloatMatrix embedding,
      float[] ropeDivisors,
      List<Layer> layers,
      RowGroups cut,
      Norm outputNorm,
      FloatMatrix head,
      @Nullable LowBitMatrix lowBitHead,
      long mappedBytes) {
    this.memory = memory;
    this.bytes = bytes;
    this.spec = spec;
    this.embedding = embedding;
    this.ropeDivisors = ropeDivisors;
    this.layers = layers;
    this.cut = cut;
    this.outputNorm = outputNorm;
    this.head = head;
    this.lowBitHead = lowBitHead;
    this.mappedBytes = mappedBytes;
  }

  /** Learns how far loading is. */
  @FunctionalInterface
  public interface Progress {
    /**
     * @param done matrices that are packed, of {@code all}
     */
    void at(long done, long all);
  }

  /** Loads the weights of an open model, without a low-bit copy of the head. */
  public static Weights load(ModelSource source, Kernels kernels, ThreadTeam team)
      throws ModelFileException {
    return load(source, kernels, team, HeadMode.FULL, true);
  }

  /**
   * Loads the weights of an open model.
   *
   * @param source may be closed afterwards
   * @param head whether a low-bit copy of the head is made, if its format is such that it pays: of
   *     6 bits a weight, it is smaller by a quarter or more for float formats and Q8_0, but not for
   *     the 6.6 bits of Q6_K or fewer
   * @param sparse whether the feed-forward network's matrices may be kept by rows and columns, so
   *     that steps of few rows need not read all of them. They are where that pays: for squared
   *     ReLU, on kernels that {@linkplain Kernels#gainsBySkipping gain by it}
   * @throws ModelFileException naming the tensor that is missing, misshapen, damaged or of a type
   *     that its place cannot have
   * @throws IllegalStateException if the source is closed, or was read into memory and has given
   *     the weights of a model already
   */
  public static Weights load(
      ModelSource source, Kernels kernels, ThreadTeam team, HeadMode head, boolean sparse)
      throws ModelFileException {
    return load(source, source.spec(), kernels, team, head, sparse);
  }

  /**
   * Like the other load(), for a model whose specification its user completed.
   *
   * @param spec that of {@code source}
   */
  public static Weights load(
      ModelSource source,
      ModelSpec spec,
      Kernels kernels,
      ThreadTeam team,
      HeadMode head,
      boolean sparse)
      throws ModelFileException {
    return load(source, spec, kernels, team, head, sparse, false, (done, all) -> {});
  }

  /**
   * Like the other load(), for a model that may be larger than the memory.
   *
   * @param fromDisk whether a mapped model may be, whose steps then wait for the disk; else it is
   *     refused
   */
  public static Weights load(
      ModelSource source,
      ModelSpec spec,
      Kernels kernels,
      ThreadTeam team,
      HeadMode head,
      boolean sparse,
      boolean fromDisk)
      throws ModelFileException {
    return load(source, spec, kernels, team, head, sparse, fromDisk, (done, all) -> {});
  }

  /**
   * The same.
   *
   * @param progress learns how many matrices of how many are packed
   */
  public static Weights load(
      ModelSource source,
      ModelSpec spec,
      Kernels kernels,
      ThreadTeam team,
      HeadMode head,
      boolean sparse,
      boolean fromDisk,
      Progress progress)
      throws ModelFileException {
    return WeightsLoader.load(source, spec, kernels, team, head, sparse, fromDisk, false, progress);
  }

  /**
   * Like the other load(), for a file that this engine has packed itself and nobody else can
   * change: its digits are not looked at, which would take the time of reading them all. Were they
   * damaged, numbers would be wrong, but nothing worse would happen.
   */
  public static Weights loadPacked(
      ModelSource packed,
      ModelSpec spec,
      Kernels kernels,
      ThreadTeam team,
      HeadMode head,
      boolean sparse,
      boolean fromDisk)
      throws ModelFileException {
    return WeightsLoader.load(
        packed, spec, kernels, team, head, sparse, fromDisk, true, (done, all) -> {});
  }

  /**
   * Refuses a model that does not fit the memory, as loading does.
   *
   * @throws ModelFileException with what would fit
   */
  public static void requireRoom(
      ModelSource source, ModelSpec spec, Kernels kernels, HeadMode head, boolean sparse)
      throws ModelFileException {
    ModelTensors tensors = new ModelTensors(source, spec);
    OptionalLong room = MachineMemory.bytes();
    WeightsPlan.of(tensors, kernels, head, sparse, room).requireRoomForSteps(tensors, room);
  }

  /**
   * Whether a model's feed-forward network is kept by rows and columns where a step may leave out
   * what it multiplies by 0.
   */
  public static boolean gainsBySkipping(ModelSpec spec) {
    return WeightsPlan.gainsBySkipping(spec);
  }

  /**
   * Refuses a model that has tensors which are not computed with, as loading does.
   *
   * @throws ModelFileException naming such a tensor
   */
  public static void requireKnown(ModelSource source, ModelSpec spec) throws ModelFileException {
    new ModelTensors(source, spec).refuseUnknown();
  }

  public ModelSpec spec() {
    return spec;
  }

  public FloatMatrix embedding() {
    return embedding;
  }

  /** What the frequency of each rotated pair is divided by; empty if by nothing. */
  float[] ropeDivisors() {
    return ropeDivisors;
  }

  List<Layer> layers() {
    return layers;
  }

  public Layer layer(int index) {
    return layers.get(index);
  }

  /** How int8 activations are cut, so that every ternary matrix can be multiplied with them. */
  RowGroups cut() {
    return cut;
  }

  public Norm outputNorm() {
    return outputNorm;
  }

  /** The output head; the embedding itself where the model ties them. */
  public FloatMatrix head() {
    return head;
  }

  /** Whether steps of few rows leave out what the feed-forward network multiplies by 0. */
  public boolean isSparse() {
    return layers.stream().anyMatch(Layer::canSkip);
  }

  /** A low-bit copy of the head; null if none was wanted or it would not pay. */
  public @Nullable LowBitMatrix lowBitHead() {
    return lowBitHead;
  }

  /** Bytes of memory that the weights take: all but what is used in place in a mapped file. */
  public long residentBytes() {
    return memory.allocated() + (bytes.mapped() ? 0 : inPlaceBytes());
  }

  /**
   * Bytes of memory without which decoding waits for the disk: {@link #residentBytes} and what of a
   * mapped file every dense step reads: linear layers, and a head that has no low-bit copy. Of an
   * embedding it reads single rows.
   */
  public long workingBytes() {
    long headBytes = lowBitHead == null ? inPlaceBytes(head) : 0;
    return residentBytes() + (bytes.mapped() ? mappedBytes + floatBytes() + headBytes : 0);
  }

  private long inPlaceBytes() {
    return mappedBytes
        + floatBytes()
        + inPlaceBytes(embedding)
        + (head == embedding ? 0 : inPlaceBytes(head));
  }

  /** Bytes of a vocabulary's matrix if it is used in place; 0 if it was unpacked. */
  private long inPlaceBytes(FloatMatrix matrix) {
    return bytes.holds(matrix.data()) ? matrix.bytes() : 0;
  }

  /** Bytes of the linear layers' matrices of floats, which are used in place. */
  private long floatBytes() {
    return floats().mapToLong(Linear::bytes).sum();
  }

  /** Bytes of the linear layers' weights and scales, which every dense step reads. */
  public long linearBytes() {
    return linears().mapToLong(Linear::bytes).sum();
  }

  private Stream<Linear> linears() {
    return layers.stream().flatMap(layer -> layer.linears().stream());
  }

  private Stream<Linear.Floats> floats() {
    return linears().filter(Linear.Floats.class::isInstance).map(Linear.Floats.class::cast);
  }

  /** Whether some weight of a linear layer is of floats. */
  boolean hasFloats() {
    return floats().findAny().isPresent();
  }

  /** Whether some linear layer has a norm of its own input. */
  boolean hasInputNorms() {
    return linears().anyMatch(linear -> !linear.inputNorm().isNone());
  }

  /** Frees everything; it must not be used afterwards. Idempotent. */
  @Override
  public void close() {
    memory.close();
    bytes.close();
  }
}
