package org.bitnetj.source.huggingface;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.format.AbsmeanFormat;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.SignsFormat;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * How the weight of a linear layer is understood.
 *
 * @param kind why its scales are what they are
 * @param weight in digits or floats
 * @param factor what products are multiplied by; null for 1
 */
record LinearReading(Kind kind, Tensor weight, @Nullable Tensor factor) {
  /** In a summary, each is a clause after the number of layers. */
  enum Kind {
    MULTIPLIED("packed digits and are multiplied by weight_scale"),
    DIVIDED("packed digits and are divided by weight_scale"),
    TERNARY_FLOATS("floats that are -d, 0 and d already and are kept as they are"),
    ABSMEAN("floats that are rounded to ternary weights by their absmean"),
    UNCONVERTED("floats that modules_to_not_convert leaves as they are"),
    UNKNOWN("of a type that this engine does not compute with");

    private final String clause;

    Kind(String clause) {
      this.clause = clause;
    }

    String clause() {
      return clause;
    }
  }

  /** What a checkpoint's configuration says of its linear layers. */
  record Rules(boolean bitNet, boolean multiplied, List<String> unconverted) {
    static Rules of(CheckpointConfig config) throws ModelFileException {
      return new Rules(config.isBitNet(), config.isScaleMultiplied(), config.unconverted());
    }
  }

  /**
   * @param scale the tensor {@code weight_scale} beside it
   * @throws ModelFileException if it is neither ternary nor may be rounded
   */
  static LinearReading of(StoredTensor stored, Optional<StoredTensor> scale, Rules rules)
      throws ModelFileException {
    if (stored.type() == ElementType.U8) {
      StoredTensor one =
          scale.orElseThrow(
              () -> stored.failure("is packed, but there is no '" + stored.name() + "_scale'"));
      return packed(stored, one, rules.multiplied);
    }
    if (scale.isPresent()) {
      throw scale.get().failure("is beside a weight that is not packed");
    }
    Tensor plain = tensor(stored);
    if (!(plain.format() instanceof FloatFormat format)) {
      return new LinearReading(Kind.UNKNOWN, plain, null);
    }
    boolean matrix =
        plain.dims().size() == 2 && Math.max(plain.rows(), plain.columns()) <= ModelSpec.MAX_WIDTH;
    if (!matrix || rules.unconverted.stream().anyMatch(stored.name()::contains)) {
      return new LinearReading(Kind.UNCONVERTED, plain, null);
    }
    return floats(stored, plain, format, rules.bitNet);
  }

  private static LinearReading packed(StoredTensor stored, StoredTensor scale, boolean multiplied)
      throws ModelFileException {
    if (stored.shape().size() != 2) {
      throw stored.failure("is packed, but has the shape " + stored.shape());
    }
    List<Long> dims =
        List.of(stored.shape().getLast(), Math.multiplyExact(stored.shape().getFirst(), 4L));
    Tensor weight =
        new Tensor(stored.name(), WeightFormats.PACKED, dims, stored.offset(), stored.data());
    Tensor factor = tensor(scale);
    return multiplied
        ? new LinearReading(Kind.MULTIPLIED, weight, factor)
        : new LinearReading(Kind.DIVIDED, weight, reciprocal(scale, factor));
  }

  /** The scale's reciprocal, rounded to float32. */
  private static Tensor reciprocal(StoredTensor stored, Tensor scale) throws ModelFileException {
    if (!(scale.format() instanceof FloatFormat format) || scale.elements() != 1) {
      throw stored.failure("must be one float, but is " + stored.type() + " " + stored.shape());
    }
    float[] value = new float[1];
    format.floats(scale.data(), 1, 0, value, 0);
    MemorySegment data = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, 1 / value[0]);
    return new Tensor(scale.name(), WeightFormats.F32, List.of(1L), scale.offset(), data);
  }

  private static LinearReading floats(
      StoredTensor stored, Tensor plain, FloatFormat format, boolean bitNet)
      throws ModelFileException {
    int rows = (int) plain.rows();
    int columns = (int) plain.columns();
    // Where only the weights are ternary, activations have scales by groups, and so have they.
    Optional<SignsFormat> signs = SignsFormat.find(format, plain.data(), rows, columns, !bitNet);
    if (signs.isPresent()) {
      return new LinearReading(Kind.TERNARY_FLOATS, as(signs.get(), plain), null);
    }
    if (bitNet) {
      AbsmeanFormat absmean = AbsmeanFormat.of(format, plain.data(), rows, columns);
      return new LinearReading(Kind.ABSMEAN, as(absmean, plain), null);
    }
    throw stored.failure(
        "is neither ternary (-d, 0 and d by rows or by groups of 128 columns) nor of a model that "
            + CheckpointConfig.FILE
            + " declares to be BitNet; this engine does not round other models");
  }

  private static Tensor as(TernaryFormat format, Tensor plain) {
    return new Tensor(plain.name(), format, plain.dims(), plain.offset(), plain.data());
  }

  /** A tensor of another place than a linear layer's, as it is stored. */
  static Tensor tensor(StoredTensor stored) throws ModelFileException {
    List<Long> dims = new ArrayList<>(stored.shape().reversed());
    if (dims.isEmpty()) {
      dims.add(1L); // a scalar
    }
    return new Tensor(
        stored.name(),
        stored
            .type()
            .format()
            .orElseThrow(
                () ->
                    stored.failure(
                        "is of type "
                            + stored.type()
                            + ", which only packed weights of linear layers can be")),
        List.copyOf(dims),
        stored.offset(),
        stored.data());
  }
}
