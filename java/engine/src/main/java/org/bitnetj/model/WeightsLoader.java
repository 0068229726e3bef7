package org.bitnetj.model;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.LayerPlan;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.format.DigitLayout;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.MappedFormat;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.MachineMemory;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.ModelBytes;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.RowGroups;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;
import org.bitnetj.tensor.TernaryVectors;

/**
 * Takes a model's weights out of its source: matrices first get their memory, each after a check of
 * its tensor, and are packed once all are known to be good, because packing may take minutes.
 */
final class WeightsLoader {
  /** What is still to be done to a matrix: to fill its memory, or to check it in its place. */
  @FunctionalInterface
  private interface Work {
    void run() throws ModelFileException;
  }

  /** The least bytes of a file that are worth a system call that takes their pages from memory. */
  private static final long RELEASED_BYTES = 256 << 10;

  /** Lines of digits that a thread checks at a time: a quarter of a megabyte. */
  private static final int CHECKED_LINES = 4096;

  private final ModelTensors tensors;
  private final ModelSpec spec;
  private final WeightsPlan plan;
  private final NativeMemory memory;
  private final ModelBytes bytes;
  private final Kernels kernels;
  private final ThreadTeam team;
  private final Packing packing;
  private final boolean trusted; // whether digits in place are as they must be
  private final List<Work> works = new ArrayList<>();
  private final Map<LayerPlan, LayerPlan> plans = new HashMap<>(); // each only once
  private RowGroups cut = RowGroups.NONE;
  private long mappedBytes; // used in place, in the engine's own layouts
  private long scratchBytes; // of the largest matrix that is packed by way of panels
  private MemorySegment scratch = MemorySegment.NULL; // where these panels are

  private WeightsLoader(
      ModelTensors tensors,
      WeightsPlan plan,
      NativeMemory memory,
      ModelBytes bytes,
      Kernels kernels,
      ThreadTeam team,
      boolean trusted) {
    this.tensors = tensors;
    this.spec = tensors.spec();
    this.plan = plan;
    this.memory = memory;
    this.bytes = bytes;
    this.kernels = kernels;
    this.team = team;
    this.packing = new Packing(tensors, kernels, team);
    this.trusted = trusted;
  }

  /**
   * {@link Weights#load(ModelSource, ModelSpec, Kernels, ThreadTeam, HeadMode, boolean, boolean,
   * Weights.Progress)}.
   *
   * @param trusted whether digits in place are as they must be
   */
  static Weights load(
      ModelSource source,
      ModelSpec spec,
      Kernels kernels,
      ThreadTeam team,
      HeadMode head,
      boolean sparse,
      boolean fromDisk,
      boolean trusted,
      Weights.Progress progress)
      throws ModelFileException {
    ModelTensors tensors = new ModelTensors(source, spec);
    tensors.refuseUnknown();
    OptionalLong room = MachineMemory.bytes();
    WeightsPlan plan = WeightsPlan.of(tensors, kernels, head, sparse, room);
    if (!fromDisk) {
      plan.requireRoomForSteps(tensors, room);
    }
    ModelBytes bytes = source.bytes().share();
    NativeMemory memory = new NativeMemory();
    try {
      return new WeightsLoader(tensors, plan, memory, bytes, kernels, team, trusted).load(progress);
    } catch (ModelFileException | RuntimeException | Error e) {
      memory.close();
      bytes.close();
      throw e;
    }
  }

  private Weights load(Weights.Progress progress) throws ModelFileException {
    FloatMatrix embedding = matrix(Place.EMBEDDING);
    Place headPlace = tensors.headPlace();
    FloatMatrix head = headPlace == Place.EMBEDDING ? embedding : matrix(headPlace);
    List<Weights.Layer> layers = new ArrayList<>(spec.layers());
    for (int l = 0; l < spec.layers(); l++) {
      layers.add(layer(l));
    }
    Norm outputNorm = norm(Place.OUTPUT_NORM, 0);
    float[] ropeDivisors = ropeDivisors();
    pack(progress);
    LowBitMatrix lowBit = plan.lowBitHead() ? lowBit(headPlace, head) : null;
    return new Weights(
        memory,
        bytes,
        spec,
        embedding,
        ropeDivisors,
        List.copyOf(layers),
        cut,
        outputNorm,
        head,
        lowBit,
        mappedBytes);
  }

  private void pack(Weights.Progress progress) throws ModelFileException {
    try (NativeMemory own = new NativeMemory()) {
      scratch = own.allocate(scratchBytes);
      for (int i = 0; i < works.size(); i++) {
        works.get(i).run();
        progress.at(i + 1, works.size());
      }
    } finally {
      scratch = MemorySegment.NULL;
    }
  }

  private float[] ropeDivisors() throws ModelFileException {
    if (!tensors.has(Place.ROPE_DIVISORS, 0)) {
      return new float[0];
    }
    float[] divisors = tensors.floats(Place.ROPE_DIVISORS, 0);
    for (float divisor : divisors) {
      if (divisor <= 0) {
        throw tensors.refuse(
            tensors.tensor(Place.ROPE_DIVISORS, 0),
            "it holds " + divisor + ", but a divisor must be positive");
      }
    }
    return divisors;
  }

  private FloatMatrix matrix(Place place) throws ModelFileException {
    Tensor tensor = tensors.vocabularyMatrix(place);
    if (UnpackedMatrix.accepts(tensor.format(), spec.width())) {
      return unpacked(tensor, (TernaryFormat) tensor.format());
    }
    return new FloatMatrix(
        tensor.data(), tensors.floatFormat(tensor), spec.vocabulary(), spec.width());
  }

  private FloatMatrix unpacked(Tensor tensor, TernaryFormat format) {
    UnpackedMatrix matrix =
        UnpackedMatrix.allocate(memory, format, tensor.data(), spec.vocabulary(), spec.width());
    works.add(
        () -> {
          if (!matrix.run(team)) {
            throw tensors.refuse(
                tensor, "it holds codes that are not digits, or scales that are not float16");
          }
          bytes.release(tensor.data());
        });
    return new FloatMatrix(matrix.data(), UnpackedMatrix.FORMAT, spec.vocabulary(), spec.width());
  }

  private Weights.Layer layer(int l) throws ModelFileException {
    FeedForward feedForward = feedForward(l);
    return new Weights.Layer(
        plans.computeIfAbsent(spec.plan(l), plan -> plan),
        norm(Place.ATTENTION_NORM, l),
        linear(Place.QUERY, l),
        linear(Place.KEY, l),
        linear(Place.VALUE, l),
        norm(Place.QUERY_NORM, l),
        norm(Place.KEY_NORM, l),
        norm(Place.ATTENTION_SUB_NORM, l),
        linear(Place.ATTENTION_OUTPUT, l),
        norm(Place.ATTENTION_POST_NORM, l),
        norm(Place.FEED_FORWARD_NORM, l),
        feedForward.gate(),
        feedForward.up(),
        norm(Place.FEED_FORWARD_SUB_NORM, l),
        feedForward.down(),
        norm(Place.FEED_FORWARD_POST_NORM, l));
  }

  private record FeedForward(Linear gate, Linear up, Linear down) {}

  /**
   * By rows and columns if that is planned, all three have the digits and scales for it, and up and
   * down are not in panels already, which are used in place.
   */
  private FeedForward feedForward(int l) throws ModelFileException {
    if (plan.sparse()
        && tensors.isPlainTernary(Place.GATE, l)
        && tensors.isPlainTernary(Place.UP, l)
        && tensors.isPlainTernary(Place.DOWN, l)) {
      StoredMatrix up = digits(Place.UP, l);
      StoredMatrix down = digits(Place.DOWN, l);
      TernaryMatrix gate = panels(digits(Place.GATE, l));
      boolean inPanels = up.panelsInPlace() != null || down.panelsInPlace() != null;
      return up.canBeSkipped() && down.canBeSkipped() && !inPanels
          ? new FeedForward(
              linear(gate),
              vectors(up, TernaryVectors.Order.ROW_MAJOR),
              vectors(down, TernaryVectors.Order.COLUMN_MAJOR))
          : new FeedForward(linear(gate), linear(panels(up)), linear(panels(down)));
    }
    return new FeedForward(linear(Place.GATE, l), linear(Place.UP, l), linear(Place.DOWN, l));
  }

  private static Linear linear(TernaryMatrix matrix) {
    return new Linear.Ternary(matrix, Norm.none(matrix.columns()));
  }

  private static Linear linear(TernaryVectors vectors) {
    return new Linear.Vectors(vectors, Norm.none(vectors.columns()));
  }

  /** The norm of a place; the identity where the family or that layer has none. */
  private Norm norm(Place place, int layer) throws ModelFileException {
    return tensors.has(place, layer)
        ? Norm.of(memory, tensors.floats(place, layer), spec.normEpsilon())
        : Norm.none(place.columns(spec));
  }

  private Linear linear(Place place, int layer) throws ModelFileException {
    Tensor tensor = tensors.linear(place, layer);
    Norm inputNorm = norm(place.inputNorm(), layer);
    return tensor.format() instanceof FloatFormat format
        ? new Linear.Floats(
            new FloatMatrix(tensor.data(), format, place.rows(spec), place.columns(spec)),
            inputNorm)
        : new Linear.Ternary(panels(digits(place, layer)), inputNorm);
  }

  private StoredMatrix digits(Place place, int layer) throws ModelFileException {
    StoredMatrix matrix = tensors.matrix(place, layer, memory, team);
    if (matrix.scales() instanceof TernaryScales.Groups groups) {
      cut(matrix.tensor(), groups.columns());
    }
    return matrix;
  }

  /** Digits in place, which are checked before any other matrix is packed. */
  private MemorySegment inPlace(StoredMatrix digits) {
    MappedFormat format = (MappedFormat) digits.format();
    MemorySegment data = format.digits(digits.tensor().data());
    mappedBytes += digits.tensor().data().byteSize();
    if (!trusted) {
      works.add(() -> check(digits.tensor(), format, data));
    }
    return data;
  }

  private void check(Tensor tensor, MappedFormat format, MemorySegment data)
      throws ModelFileException {
    int lines = (int) (data.byteSize() / DigitLayout.ALIGNMENT);
    AtomicBoolean valid = new AtomicBoolean(true);
    team.run(
        (begin, end) -> {
          if (!format
              .layout()
              .holdsNoneAbove(
                  format.largest(),
                  data,
                  (long) begin * DigitLayout.ALIGNMENT,
                  (long) end * DigitLayout.ALIGNMENT)) {
            valid.set(false);
          }
        },
        lines,
        CHECKED_LINES);
    if (!valid.get()) {
      throw tensors.refuse(
          tensor, "it holds digits above " + format.largest() + ", or bytes that are no digits");
    }
    if (!format.layout().isPaddedWithZeros(data, format.rows(), format.columns())) {
      throw tensors.refuse(tensor, "its padding is not zero");
    }
  }

  private TernaryMatrix panels(StoredMatrix digits) {
    PanelLayout layout = digits.panelsInPlace();
    if (layout != null) {
      return TernaryMatrix.view(
          layout,
          inPlace(digits),
          digits.rows(),
          digits.columns(),
          digits.scales(),
          digits.format().largestDigit());
    }
    TernaryMatrix matrix =
        TernaryMatrix.allocate(
            memory,
            PanelLayout.TWO_BIT,
            digits.rows(),
            digits.columns(),
            digits.scales(),
            digits.format().largestDigit());
    works.add(
        () -> {
          packing.panels(digits, matrix);
          release(digits.tensor());
        });
    return matrix;
  }

  /** In place, or by way of panels that are not kept. */
  private Linear vectors(StoredMatrix digits, TernaryVectors.Order order) {
    float scale = ((TernaryScales.Tensor) digits.scales()).scale();
    if (digits.isIn(order.layout())) {
      return linear(
          TernaryVectors.view(inPlace(digits), digits.rows(), digits.columns(), scale, order));
    }
    TernaryVectors vectors =
        TernaryVectors.allocate(memory, digits.rows(), digits.columns(), scale, order);
    long panelBytes = TernaryMatrix.bytes(digits.rows(), digits.columns());
    scratchBytes = Math.max(scratchBytes, panelBytes);
    works.add(
        () -> {
          packing.vectors(digits, vectors, scratch.asSlice(0, panelBytes));
          release(digits.tensor());
        });
    return linear(vectors);
  }

  /** Cuts activations so that they fit one more matrix with scales by groups. */
  private void cut(Tensor tensor, int group) throws ModelFileException {
    boolean byGroups = spec.activationScaling() == ActivationScaling.GROUP;
    RowGroups wanted = byGroups ? RowGroups.ofBlocks(group) : RowGroups.ofRows(group);
    if (cut.equals(RowGroups.NONE)) {
      cut = wanted;
    } else if (cut.blockColumns() != wanted.blockColumns()) {
      throw tensors.refuse(
          tensor,
          "it needs a scale for each %d activations and other matrices of the model one for each %d"
              .formatted(wanted.blockColumns(), cut.blockColumns()));
    } else {
      // The sizes of formats divide each other.
      cut = new RowGroups(Math.min(cut.groupColumns(), group), cut.blockColumns());
    }
  }

  private void release(Tensor tensor) {
    if (tensor.data().byteSize() >= RELEASED_BYTES) {
      bytes.release(tensor.data());
    }
  }

  private LowBitMatrix lowBit(Place place, FloatMatrix head) throws ModelFileException {
    Optional<Tensor> stored = tensors.source().lowBitHead();
    if (stored.isPresent()) {
      return stored(stored.get(), head);
    }
    LowBitMatrix lowBit = LowBitMatrix.allocate(memory, head.rows(), head.columns());
    if (!Packing.lowBit(head, lowBit, kernels, team)) {
      throw tensors.refuse(tensors.tensor(place, 0), "it holds weights that are NaN or infinite");
    }
    if (bytes.mapped()) {
      bytes.release(head.data()); // few of its rows are ever read again
    }
    return lowBit;
  }

  private LowBitMatrix stored(Tensor tensor, FloatMatrix head) throws ModelFileException {
    MemorySegment data = tensor.data();
    long bytes = LowBitMatrix.bytes(head.rows(), head.columns());
    if (!tensor.format().equals(WeightFormats.I8) || data.byteSize() != bytes) {
      throw tensors.refuse(
          tensor, "a low-bit copy of the model's head takes " + bytes + " bytes of type I8");
    }
    if (data.address() % LowBitMatrix.ALIGNMENT != 0) {
      data = memory.allocate(bytes).copyFrom(data);
    } else {
      mappedBytes += bytes;
    }
    LowBitMatrix lowBit = LowBitMatrix.view(data, head.rows(), head.columns());
    if (!lowBit.hasValidBounds()) {
      throw tensors.refuse(tensor, "a scale or norm of its rows is negative, NaN or infinite");
    }
    if (!trusted && !lowBit.isPaddedWithZeros()) {
      throw tensors.refuse(tensor, "its padding is not zero");
    }
    return lowBit;
  }
}
