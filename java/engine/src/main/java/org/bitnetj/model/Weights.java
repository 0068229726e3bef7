package org.bitnetj.model;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitnetj.file.ModelFile;
import org.bitnetj.file.ModelFileException;
import org.bitnetj.file.Tensor;
import org.bitnetj.file.TensorType;
import org.bitnetj.kernel.Activation;
import org.bitnetj.kernel.FloatMatrix;
import org.bitnetj.kernel.HeadSketch;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.Norm;
import org.bitnetj.kernel.SketchKernels;
import org.bitnetj.kernel.SparseKernels;
import org.bitnetj.kernel.TernaryMatrix;
import org.bitnetj.kernel.TernaryStrips;
import org.bitnetj.kernel.ThreadTeam;
import org.bitnetj.memory.MachineMemory;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.memory.Pages;
import org.jspecify.annotations.Nullable;

/**
 * A model's weights: ternary matrices repacked once into panels, norms copied, the embedding and
 * head used in place in the mapped file, which must stay open as long as they do. Immutable and
 * safe to share.
 */
public final class Weights implements AutoCloseable {
  /**
   * Bytes from which on a head comes from memory on most machines. A smaller one is soon read from
   * the processor's caches, and the steps of a shortlist take longer than that.
   */
  private static final long LARGE_HEAD = 64 << 20;

  private static final String EMBEDDING = "token_embd.weight";

  private static final String HEAD = "output.weight";

  private static final Set<String> MODEL_TENSORS = Set.of(EMBEDDING, "output_norm.weight", HEAD);

  /** What stands after {@code blk.N.}, matrices also with the ending {@code .scale}. */
  private static final Set<String> LAYER_NORMS =
      Set.of("attn_norm", "attn_sub_norm", "ffn_norm", "ffn_sub_norm");

  private static final Set<String> LAYER_MATRICES =
      Set.of("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down");

  private static final Pattern LAYER_TENSOR = Pattern.compile("blk\\.(\\d{1,9})\\.(.*)\\.(.*)");

  /**
   * Second copies for {@link SparseFeedForward}.
   *
   * @param up by rows
   * @param down by columns
   */
  public record Strips(TernaryStrips up, TernaryStrips down) {}

  /**
   * One transformer block, in the order of the forward pass.
   *
   * @param strips {@code up} and {@code down} once more; null where they are not wanted
   */
  public record Layer(
      Norm attentionNorm,
      TernaryMatrix query,
      TernaryMatrix key,
      TernaryMatrix value,
      Norm attentionSubNorm,
      TernaryMatrix attentionOutput,
      Norm feedForwardNorm,
      TernaryMatrix gate,
      TernaryMatrix up,
      Norm feedForwardSubNorm,
      TernaryMatrix down,
      @Nullable Strips strips) {

    List<TernaryMatrix> matrices() {
      return List.of(query, key, value, attentionOutput, gate, up, down);
    }
  }

  private final NativeMemory memory;
  private final ModelSpec spec;
  private final FloatMatrix embedding;
  private final List<Layer> layers;
  private final Norm outputNorm;
  private final FloatMatrix head;
  private final @Nullable HeadSketch sketch;

  private Weights(Loader loader, @Nullable SketchKernels sketches) throws ModelFileException {
    this.memory = loader.memory;
    this.spec = loader.spec;
    this.embedding = loader.matrix(EMBEDDING);
    String headName = headName(loader.file);
    this.head = headName.equals(EMBEDDING) ? embedding : loader.matrix(headName);
    List<Layer> all = new ArrayList<>(spec.layers());
    for (int l = 0; l < spec.layers(); l++) {
      all.add(loader.layer(l));
    }
    this.layers = List.copyOf(all);
    this.outputNorm = loader.norm("output_norm.weight", spec.width());
    this.sketch = sketches != null ? loader.sketch(sketches, headName, head) : null;
  }

  /** Loads the weights of an open file, without a sketch of the head. */
  public static Weights load(ModelFile file, Kernels kernels, ThreadTeam team)
      throws ModelFileException {
    return load(file, kernels, team, HeadMode.FULL, true);
  }

  /**
   * Loads the weights of an open file.
   *
   * @param head whether a sketch of the head is made, if kernels and format are such that it pays:
   *     of 6 bits a weight, it is smaller by a quarter or more for float formats and Q8_0, but not
   *     for the 6.6 bits of Q6_K
   * @param sparse whether the feed-forward network's matrices may be kept a second time so that
   *     steps of one row need not read all of them. They are where that pays: for squared ReLU, on
   *     kernels that have such products, on a machine with ample memory.
   * @throws ModelFileException naming the tensor that is missing, misshapen, damaged or of a type
   *     that its place cannot have
   */
  public static Weights load(
      ModelFile file, Kernels kernels, ThreadTeam team, HeadMode head, boolean sparse)
      throws ModelFileException {
    ModelSpec spec = ModelSpec.of(file);
    NativeMemory memory = new NativeMemory();
    try {
      // Of what decoding can do without, the sketch comes first: it saves most for its size.
      OptionalLong room = MachineMemory.bytes();
      long bytes = ternaryBytes(spec);
      long sketchBytes = HeadSketch.bytes(spec.vocabulary(), spec.width());
      boolean sketched =
          switch (head) {
            case AUTO ->
                headBytes(file) >= LARGE_HEAD
                    && isAmple(room, bytes + inPlaceBytes(file) + sketchBytes);
            case SHORTLIST -> true;
            case FULL -> false;
          };
      SketchKernels sketches =
          sketched && sketchBytes <= headBytes(file) / 4 * 3 ? kernels.sketch().orElse(null) : null;
      bytes += sketches != null ? sketchBytes : 0;
      boolean strips =
          sparse
              && spec.architecture().activation() == Activation.RELU_SQUARED
              && isAmple(room, bytes + inPlaceBytes(file) + stripsBytes(spec));
      Loader loader =
          new Loader(
              file, spec, memory, kernels, strips ? kernels.sparse().orElse(null) : null, team);
      loader.refuseStrangers();
      requireRoom(file, bytes, room);
      return new Weights(loader, sketches);
    } catch (ModelFileException | RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  private static String headName(ModelFile file) {
    return file.find(HEAD).isPresent() ? HEAD : EMBEDDING;
  }

  private static long headBytes(ModelFile file) throws ModelFileException {
    return file.tensor(headName(file)).data().byteSize();
  }

  private static long ternaryBytes(ModelSpec spec) {
    long width = TernaryMatrix.bytes(spec.width(), spec.queryWidth());
    long query = TernaryMatrix.bytes(spec.queryWidth(), spec.width());
    long keyOrValue = TernaryMatrix.bytes(spec.kvWidth(), spec.width());
    long gateOrUp = TernaryMatrix.bytes(spec.feedForward(), spec.width());
    long down = TernaryMatrix.bytes(spec.width(), spec.feedForward());
    return spec.layers() * (query + 2 * keyOrValue + width + 2 * gateOrUp + down);
  }

  private static long stripsBytes(ModelSpec spec) {
    long up = TernaryStrips.bytes(spec.feedForward(), spec.width(), TernaryStrips.Direction.ROWS);
    long down =
        TernaryStrips.bytes(spec.width(), spec.feedForward(), TernaryStrips.Direction.COLUMNS);
    return spec.layers() * (up + down);
  }

  /** The tensors that are used in place. */
  private static long inPlaceBytes(ModelFile file) {
    return file.tensors().stream()
        .filter(tensor -> MODEL_TENSORS.contains(tensor.name()))
        .mapToLong(tensor -> tensor.data().byteSize())
        .sum();
  }

  /** Whether all weights leave half of the memory to caches and others. */
  static boolean isAmple(OptionalLong room, long bytes) {
    return room.isEmpty() || bytes <= room.getAsLong() / 2;
  }

  /** Refuses what cannot fit before the system kills the process half-way. */
  static void requireRoom(ModelFile file, long bytes, OptionalLong room) throws ModelFileException {
    if (room.isPresent() && bytes > room.getAsLong()) {
      throw new ModelFileException(
          file.path()
              + ": the weights take "
              + (bytes >> 20)
              + " MiB of memory, but there are only "
              + (room.getAsLong() >> 20)
              + " MiB, swap included; use a smaller model or give the machine more memory.");
    }
  }

  public ModelSpec spec() {
    return spec;
  }

  public FloatMatrix embedding() {
    return embedding;
  }

  public Layer layer(int index) {
    return layers.get(index);
  }

  public Norm outputNorm() {
    return outputNorm;
  }

  /** The output head; the embedding itself where the model ties them. */
  public FloatMatrix head() {
    return head;
  }

  /** Whether there are second copies by which steps of one row skip what is multiplied by 0. */
  public boolean hasStrips() {
    return layers.getFirst().strips() != null;
  }

  /** Bytes of these second copies. */
  public long stripsBytes() {
    return hasStrips() ? stripsBytes(spec) : 0;
  }

  /** A sketch of the head; null if none was wanted or it would not pay. */
  public @Nullable HeadSketch sketch() {
    return sketch;
  }

  /** Bytes of ternary weights that every dense step reads. */
  public long ternaryBytes() {
    long bytes = 0;
    for (Layer layer : layers) {
      for (TernaryMatrix m : layer.matrices()) {
        bytes += m.bytes();
      }
    }
    return bytes;
  }

  /** Gives the panels back; nobody may compute on them any more. */
  @Override
  public void close() {
    memory.close();
  }

  /** Takes tensors out of a file, each checked against the shape its place demands. */
  private record Loader(
      ModelFile file,
      ModelSpec spec,
      NativeMemory memory,
      Kernels kernels,
      @Nullable SparseKernels sparse,
      ThreadTeam team) {

    /** What is in the file and not computed with would make every result wrong in silence. */
    void refuseStrangers() throws ModelFileException {
      for (Tensor tensor : file.tensors()) {
        if (!MODEL_TENSORS.contains(tensor.name()) && !belongsToLayer(tensor.name())) {
          throw refuse(
              tensor,
              "models of architecture '"
                  + spec.architecture().label()
                  + "' with "
                  + spec.layers()
                  + " layers have no such tensor, and without it the results would be wrong");
        }
      }
    }

    private boolean belongsToLayer(String name) {
      Matcher parts = LAYER_TENSOR.matcher(name);
      if (!parts.matches() || Integer.parseInt(parts.group(1)) >= spec.layers()) {
        return false;
      }
      return switch (parts.group(3)) {
        case "weight" ->
            LAYER_NORMS.contains(parts.group(2)) || LAYER_MATRICES.contains(parts.group(2));
        case "scale" -> LAYER_MATRICES.contains(parts.group(2));
        default -> false;
      };
    }

    Layer layer(int l) throws ModelFileException {
      String block = "blk." + l + ".";
      int width = spec.width();
      int hidden = spec.feedForward();
      TernaryMatrix up = ternary(block + "ffn_up", hidden, width);
      TernaryMatrix down = ternary(block + "ffn_down", width, hidden);
      return new Layer(
          norm(block + "attn_norm.weight", width),
          ternary(block + "attn_q", spec.queryWidth(), width),
          ternary(block + "attn_k", spec.kvWidth(), width),
          ternary(block + "attn_v", spec.kvWidth(), width),
          norm(block + "attn_sub_norm.weight", spec.queryWidth()),
          ternary(block + "attn_output", width, spec.queryWidth()),
          norm(block + "ffn_norm.weight", width),
          ternary(block + "ffn_gate", hidden, width),
          up,
          norm(block + "ffn_sub_norm.weight", hidden),
          down,
          sparse == null
              ? null
              : new Strips(
                  strips(sparse, up, TernaryStrips.Direction.ROWS),
                  strips(sparse, down, TernaryStrips.Direction.COLUMNS)));
    }

    private TernaryStrips strips(
        SparseKernels sparse, TernaryMatrix matrix, TernaryStrips.Direction direction) {
      TernaryStrips strips = TernaryStrips.allocate(memory, matrix, direction);
      team.run((begin, end) -> sparse.packStrips(matrix, strips, begin, end), strips.items(), 8);
      return strips;
    }

    private TernaryMatrix ternary(String name, int rows, int columns) throws ModelFileException {
      Tensor tensor = shaped(name + ".weight", columns, rows);
      if (tensor.type() != TensorType.I2_S) {
        throw refuseType(tensor, "a ternary layer must be stored as I2_S");
      }
      float scale =
          tensor.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, tensor.elements() / 4)
              * outerScale(name + ".scale");
      if (!Float.isFinite(scale)) {
        throw refuse(tensor, "its scale is " + scale);
      }
      TernaryMatrix matrix = TernaryMatrix.allocate(memory, rows, columns, scale);
      AtomicBoolean valid = new AtomicBoolean(true);
      team.run(
          (begin, end) -> {
            if (!kernels.packI2s(tensor.data(), matrix, begin, end)) {
              valid.set(false);
            }
          },
          matrix.panelCount(),
          8);
      if (!valid.get()) {
        throw refuse(tensor, "it holds codes that are no ternary digit");
      }
      Pages.release(tensor.data());
      return matrix;
    }

    /** The optional F32 scalar beside a linear layer, a factor of its product. */
    private float outerScale(String name) throws ModelFileException {
      if (file.find(name).isEmpty()) {
        return 1f;
      }
      return floats(name, 1)[0];
    }

    Norm norm(String name, int length) throws ModelFileException {
      return Norm.of(memory, floats(name, length), spec.normEpsilon());
    }

    private float[] floats(String name, int length) throws ModelFileException {
      Tensor tensor = shaped(name, length, 1);
      float[] values = new float[length];
      for (int i = 0; i < length; i++) {
        values[i] =
            switch (tensor.type()) {
              case F32 -> tensor.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
              case F16 ->
                  Float.float16ToFloat(tensor.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
              case BF16 ->
                  Float.intBitsToFloat(
                      tensor.data().get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i) << 16);
              default -> throw refuseType(tensor, "it must be stored as F32, F16 or BF16");
            };
        if (!Float.isFinite(values[i])) {
          throw refuse(tensor, "element " + i + " is " + values[i]);
        }
      }
      return values;
    }

    FloatMatrix matrix(String name) throws ModelFileException {
      Tensor tensor = shaped(name, spec.width(), spec.vocabulary());
      FloatMatrix.Type type =
          switch (tensor.type()) {
            case F32 -> FloatMatrix.Type.F32;
            case F16 -> FloatMatrix.Type.F16;
            case BF16 -> FloatMatrix.Type.BF16;
            case Q8_0 -> FloatMatrix.Type.Q8_0;
            case Q6_K -> FloatMatrix.Type.Q6_K;
            default ->
                throw refuseType(tensor, "it must be stored as F32, F16, BF16, Q8_0 or Q6_K");
          };
      return new FloatMatrix(memory, tensor.data(), type, spec.vocabulary(), spec.width());
    }

    HeadSketch sketch(SketchKernels sketches, String name, FloatMatrix head)
        throws ModelFileException {
      HeadSketch sketch = HeadSketch.allocate(memory, head.rows(), head.columns());
      AtomicBoolean finite = new AtomicBoolean(true);
      team.run(
          (begin, end) -> {
            if (!sketches.buildSketch(head, sketch, begin, end)) {
              finite.set(false);
            }
          },
          sketch.panelCount(),
          8);
      if (!finite.get()) {
        throw refuse(file.tensor(name), "it holds weights that are NaN or infinite");
      }
      return sketch;
    }

    private Tensor shaped(String name, long columns, long rows) throws ModelFileException {
      Tensor tensor = file.tensor(name);
      // A third dimension would put a scale after each slice of an I2_S matrix.
      boolean flat = tensor.dims().stream().skip(2).allMatch(d -> d == 1);
      if (!flat || tensor.columns() != columns || tensor.rows() != rows) {
        throw refuse(tensor, "the model's shape wants " + columns + " x " + rows);
      }
      return tensor;
    }

    private ModelFileException refuseType(Tensor tensor, String wanted) {
      return refuse(tensor, tensor.type().foreign().map(f -> f + "; " + wanted).orElse(wanted));
    }

    private ModelFileException refuse(Tensor tensor, String why) {
      return new ModelFileException(
          file.path()
              + ": tensor '"
              + tensor.name()
              + "' (type "
              + tensor.type()
              + ", shape "
              + tensor.dims()
              + ", byte "
              + tensor.offset()
              + ") cannot be used: "
              + why
              + ".");
    }
  }
}
