package org.bitnetj.model;

import java.lang.foreign.ValueLayout;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.ModelFile;
import org.bitnetj.source.ModelFileException;
import org.bitnetj.source.Tensor;

/**
 * A language model's tensors in its file, each checked against the shape and the types that its
 * place demands. All that is read of ternary matrices is their scale. Immutable.
 *
 * @param file must stay open
 * @param spec the shape of the model in {@code file}
 */
record ModelTensors(ModelFile file, ModelSpec spec) {
  static final String EMBEDDING = "token_embd.weight";

  static final String OUTPUT_NORM = "output_norm.weight";

  private static final String HEAD = "output.weight";

  private static final Set<String> MODEL_TENSORS = Set.of(EMBEDDING, OUTPUT_NORM, HEAD);

  /** What stands after {@code blk.N.}, matrices also with the ending {@code .scale}. */
  private static final Set<String> LAYER_NORMS =
      Set.of("attn_norm", "attn_sub_norm", "ffn_norm", "ffn_sub_norm");

  private static final Set<String> LAYER_MATRICES =
      Set.of("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down");

  private static final Pattern LAYER_TENSOR = Pattern.compile("blk\\.(\\d{1,9})\\.(.*)\\.(.*)");

  /** What is in the file and not computed with would make every result wrong in silence. */
  void refuseUnknown() throws ModelFileException {
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

  /** The output head's tensor; the embedding itself where the model ties them. */
  String headName() {
    return file.find(HEAD).isPresent() ? HEAD : EMBEDDING;
  }

  long headBytes() throws ModelFileException {
    return file.tensor(headName()).data().byteSize();
  }

  /** Bytes of the tensors that are used in place. */
  long inPlaceBytes() {
    return file.tensors().stream()
        .filter(tensor -> MODEL_TENSORS.contains(tensor.name()))
        .mapToLong(tensor -> tensor.data().byteSize())
        .sum();
  }

  /** The weight of a linear layer. */
  Tensor ternary(String name, int rows, int columns) throws ModelFileException {
    Tensor tensor = shaped(name + ".weight", columns, rows);
    if (tensor.format() != WeightFormats.I2_S) {
      throw refuseType(tensor, "a ternary layer must be stored as I2_S");
    }
    return tensor;
  }

  /** The finite scale of a linear layer, of that weight. */
  float scale(String name, Tensor weight) throws ModelFileException {
    float scale =
        weight.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, weight.elements() / 4)
            * outerScale(name + ".scale");
    if (!Float.isFinite(scale)) {
      throw refuse(weight, "its scale is " + scale);
    }
    return scale;
  }

  /** The optional F32 scalar beside a linear layer, a factor of its product. */
  private float outerScale(String name) throws ModelFileException {
    if (file.find(name).isEmpty()) {
      return 1f;
    }
    return floats(name, 1)[0];
  }

  /** A vector of finite numbers. */
  float[] floats(String name, int length) throws ModelFileException {
    Tensor tensor = shaped(name, length, 1);
    if (!(tensor.format() instanceof FloatFormat format) || format.blockColumns() > 1) {
      throw refuseType(tensor, "it must be stored as F32, F16 or BF16");
    }
    float[] values = new float[length];
    format.floats(tensor.data(), length, 0, values, 0);
    for (int i = 0; i < length; i++) {
      if (!Float.isFinite(values[i])) {
        throw refuse(tensor, "element " + i + " is " + values[i]);
      }
    }
    return values;
  }

  /** The embedding or head of that name. */
  Tensor vocabularyMatrix(String name) throws ModelFileException {
    return shaped(name, spec.width(), spec.vocabulary());
  }

  /** How such a matrix is stored. */
  FloatFormat matrixFormat(Tensor tensor) throws ModelFileException {
    if (!(tensor.format() instanceof FloatFormat format)) {
      throw refuseType(
          tensor,
          "it must be stored as "
              + WeightFormats.floats().stream()
                  .map(FloatFormat::name)
                  .collect(Collectors.joining(" or ")));
    }
    return format;
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
    return refuse(tensor, tensor.format().foreign().map(f -> f + "; " + wanted).orElse(wanted));
  }

  /** An error that says which tensor of which file cannot be used, and why. */
  ModelFileException refuse(Tensor tensor, String why) {
    return new ModelFileException(
        file.path()
            + ": tensor '"
            + tensor.name()
            + "' (type "
            + tensor.format().name()
            + ", shape "
            + tensor.dims()
            + ", byte "
            + tensor.offset()
            + ") cannot be used: "
            + why
            + ".");
  }
}
