package org.bitnetj.source.huggingface;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
import org.bitnetj.format.AbsmeanFormat;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.PairedRows;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.SignsFormat;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.Tensor;
import org.bitnetj.tensor.Rope;

/**
 * The linear layers of a checkpoint by the names of their weights, in the order of layers. Where
 * they are floats, the first with a weight other than 0 is read, and tells what all are: ternary
 * already, or to be rounded. That the others are the same is found when their scales are read.
 */
final class LinearLayers {
  private static final String OWN_NORM = "_proj.norm.weight";
  private static final String SCALE = "_scale"; // after the name of a packed weight

  private final SafetensorsFiles files;
  private final ModelSpec spec;
  private final boolean bitNet;
  private final boolean multiplied;
  private final List<String> unconverted;
  private final Map<String, LinearReading> readings = new LinkedHashMap<>();
  private boolean decided;
  private Optional<ScaleKind> ternary = Optional.of(ScaleKind.ROW); // of matrices of zeros

  private LinearLayers(SafetensorsFiles files, ModelSpec spec, CheckpointConfig config)
      throws ModelFileException {
    this.files = files;
    this.spec = spec;
    this.bitNet = isBitNet(files, config);
    this.multiplied = config.isScaleMultiplied();
    this.unconverted = config.unconverted();
  }

  /**
   * Whether floats stand for ternary weights: {@code config.json} says so, or linear layers have
   * norms of their own, as BitLinear has.
   */
  static boolean isBitNet(SafetensorsFiles files, CheckpointConfig config)
      throws ModelFileException {
    return config.isBitNet()
        || files.tensors().keySet().stream().anyMatch(name -> name.endsWith(OWN_NORM));
  }

  /**
   * @throws ModelFileException if one is neither ternary nor may be rounded
   */
  static Map<String, LinearReading> read(
      SafetensorsFiles files, ModelSpec spec, CheckpointConfig config) throws ModelFileException {
    LinearLayers layers = new LinearLayers(files, spec, config);
    TensorNames names = TensorNames.of(files.tensors().keySet());
    for (int l = 0; l < spec.layers(); l++) {
      for (Role role : spec.architecture().manifest().roles()) {
        StoredTensor stored = files.tensors().get(names.of(role, l));
        if (role.place().kind() == Place.Kind.LINEAR && stored != null) {
          layers.add(stored, role.place());
        }
      }
    }
    for (StoredTensor stored : files.tensors().values()) { // beyond the model's layers
      if (files.tensors().containsKey(stored.name() + SCALE)
          && !layers.readings.containsKey(stored.name())) {
        layers.add(stored, Place.VALUE);
      }
    }
    return layers.readings;
  }

  /** How linear layers were understood, and why, in sentences. */
  static List<String> sentences(Map<String, LinearReading> readings, CheckpointConfig config)
      throws ModelFileException {
    Map<LinearReading.Kind, Integer> counts = new EnumMap<>(LinearReading.Kind.class);
    readings.values().forEach(linear -> counts.merge(linear.kind(), 1, Integer::sum));
    String declared = config.linearClass();
    boolean declaresBitNet = config.isBitNet();
    String reason =
        declared.isEmpty()
            ? CheckpointConfig.FILE + " names no linear_class"
            : "linear_class is '" + declared + "'";
    return counts.entrySet().stream()
        .map(
            entry ->
                entry.getValue()
                    + " linear layers are "
                    + entry.getKey().clause()
                    + switch (entry.getKey()) {
                      case MULTIPLIED, DIVIDED -> ", because " + reason;
                      case ABSMEAN ->
                          ", because "
                              + (declaresBitNet
                                  ? CheckpointConfig.FILE + " declares BitNet"
                                  : "they have norms of their own, as BitLinear has");
                      case TERNARY_FLOATS, UNCONVERTED, NO_MATRIX, UNKNOWN -> "";
                    }
                    + ".")
        .toList();
  }

  private void add(StoredTensor stored, Place place) throws ModelFileException {
    readings.put(stored.name(), read(stored, place));
  }

  private LinearReading read(StoredTensor stored, Place place) throws ModelFileException {
    Optional<StoredTensor> scale = Optional.ofNullable(files.tensors().get(stored.name() + SCALE));
    if (stored.type() == ElementType.U8) {
      StoredTensor one =
          scale.orElseThrow(
              () -> stored.failure("is packed, but there is no '" + stored.name() + SCALE + "'"));
      return packed(stored, one, place);
    }
    if (scale.isPresent()) {
      throw scale.get().failure("is beside a weight that is not packed");
    }
    Tensor plain = stored.tensor();
    if (!(plain.format() instanceof FloatFormat format)) {
      return new LinearReading(LinearReading.Kind.UNKNOWN, plain, null);
    }
    boolean matrix =
        plain.dims().size() == 2 && Math.max(plain.rows(), plain.columns()) <= ModelSpec.MAX_WIDTH;
    if (!matrix) {
      return new LinearReading(LinearReading.Kind.NO_MATRIX, plain, null);
    }
    if (unconverted.stream().anyMatch(stored.name()::contains)) {
      return new LinearReading(LinearReading.Kind.UNCONVERTED, ordered(plain, place), null);
    }
    return floats(stored, plain, format, place);
  }

  private LinearReading packed(StoredTensor stored, StoredTensor scale, Place place)
      throws ModelFileException {
    if (stored.shape().size() != 2) {
      throw stored.failure("is packed, but has the shape " + stored.shape());
    }
    List<Long> dims =
        List.of(stored.shape().getLast(), Math.multiplyExact(stored.shape().getFirst(), 4L));
    Tensor weight =
        new Tensor(
            stored.file(),
            stored.name(),
            ordered(WeightFormats.PACKED, place),
            dims,
            stored.offset(),
            stored.data());
    Tensor factor = scale.tensor();
    return multiplied
        ? new LinearReading(LinearReading.Kind.MULTIPLIED, weight, factor)
        : new LinearReading(LinearReading.Kind.DIVIDED, weight, reciprocal(scale, factor));
  }

  /** The scale's reciprocal, rounded to float32. */
  private static Tensor reciprocal(StoredTensor stored, Tensor scale) throws ModelFileException {
    if (!(scale.format() instanceof FloatFormat format) || scale.elements() != 1) {
      throw stored.failure("must be one float, but is " + stored.type() + " " + stored.shape());
    }
    float[] value = new float[1];
    format.floats(scale.data(), 1, 0, value, 0);
    MemorySegment data = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, 1 / value[0]);
    return new Tensor(
        scale.file(), scale.name(), WeightFormats.F32, List.of(1L), scale.offset(), data);
  }

  private LinearReading floats(StoredTensor stored, Tensor plain, FloatFormat format, Place place)
      throws ModelFileException {
    int rows = (int) plain.rows();
    int columns = (int) plain.columns();
    if (!decided) {
      // Where only the weights are ternary, activations have scales by groups, and so have they.
      ternary =
          SignsFormat.find(format, plain.data(), rows, columns, !bitNet)
              .map(SignsFormat::scaleKind);
      decided = ternary.isEmpty() || !isZero(format, plain);
    }
    if (ternary.isPresent()) {
      if (ternary.get() instanceof ScaleKind.Group group && columns % group.columns() != 0) {
        throw stored.failure(
            "has rows of %d weights, but other linear layers have a scale for each %d"
                .formatted(columns, group.columns()));
      }
      TernaryFormat signs = new SignsFormat(format, ternary.get());
      return new LinearReading(
          LinearReading.Kind.TERNARY_FLOATS, plain.as(ordered(signs, place)), null);
    }
    if (bitNet) {
      TernaryFormat absmean = new AbsmeanFormat(format, rows);
      return new LinearReading(LinearReading.Kind.ABSMEAN, plain.as(ordered(absmean, place)), null);
    }
    throw stored.failure(
        "is neither ternary (-d, 0 and d by rows or by groups of 128 columns) nor of a model that "
            + CheckpointConfig.FILE
            + " declares to be BitNet; this engine does not round other models");
  }

  private static boolean isZero(FloatFormat format, Tensor plain) {
    float[] floats = new float[(int) plain.columns()];
    for (int row = 0; row < plain.rows(); row++) {
      format.floats(plain.data(), floats.length, row, floats, 0);
      for (float x : floats) {
        if (x != 0) {
          return false;
        }
      }
    }
    return true;
  }

  // Of a family that rotates adjacent pairs, GGUF files have the rows of heads in another order,
  // and so the same sums: a model computes the same from either.

  private boolean isPaired(Place place) {
    return (place == Place.QUERY || place == Place.KEY)
        && spec.rotation().style() == Rope.Style.ADJACENT;
  }

  private TernaryFormat ordered(TernaryFormat format, Place place) {
    return isPaired(place) ? new PairedRows(format, spec.headDim()) : format;
  }

  /** Floats are used where they are, so rows in another order are a copy. */
  private Tensor ordered(Tensor plain, Place place) {
    if (!isPaired(place) || plain.rows() % spec.headDim() != 0) {
      return plain;
    }
    long rowBytes = plain.data().byteSize() / plain.rows();
    MemorySegment copy = Arena.ofAuto().allocate(plain.data().byteSize(), 64);
    for (int row = 0; row < plain.rows(); row++) {
      long from = PairedRows.stored(row, spec.headDim()) * rowBytes;
      MemorySegment.copy(plain.data(), from, copy, row * rowBytes, rowBytes);
    }
    return new Tensor(
        plain.file(),
        plain.name(),
        plain.format(),
        plain.dims(),
        plain.offset(),
        copy.asReadOnly());
  }
}
