package org.bitnetj.model;

import java.util.List;
import java.util.stream.Collectors;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.source.ModelFile;
import org.bitnetj.source.ModelFileException;
import org.bitnetj.source.Tensor;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;

/**
 * A language model's tensors in its file, each checked against the shape and the types that its
 * place demands. Of ternary matrices all that is read is scales, and digits where scales differ.
 * Immutable.
 *
 * @param file must stay open
 * @param spec the shape of the model in {@code file}
 */
record ModelTensors(ModelFile file, ModelSpec spec) {
  /** What is in the file and not computed with would make every result wrong in silence. */
  void refuseUnknown() throws ModelFileException {
    for (Tensor tensor : file.tensors()) {
      if (!manifest().knows(tensor.name(), spec.layers())) {
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

  private Manifest manifest() {
    return spec.architecture().manifest();
  }

  /** Whether the family has such a tensor, and, where it is optional, the file too. */
  boolean has(Place place) {
    return manifest()
        .at(place)
        .filter(role -> !role.optional() || file.find(role.gguf(0)).isPresent())
        .isPresent();
  }

  /** The name of a place's tensor, which the family has. */
  String name(Place place, int layer) {
    return manifest().at(place).orElseThrow().gguf(layer);
  }

  /** The output head's place; the embedding's where the model ties them. */
  Place headPlace() {
    return has(Place.HEAD) ? Place.HEAD : Place.EMBEDDING;
  }

  long headBytes() throws ModelFileException {
    return file.tensor(name(headPlace(), 0)).data().byteSize();
  }

  /** Bytes of the tensors that are used in place. */
  long inPlaceBytes() {
    return manifest().roles().stream()
        .filter(role -> role.place().kind() == Place.Kind.VOCABULARY_MATRIX)
        .flatMap(role -> file.find(role.gguf(0)).stream())
        .mapToLong(tensor -> tensor.data().byteSize())
        .sum();
  }

  /** Bytes of all ternary matrices in panels, each with as many scales as its format has. */
  long ternaryBytes() throws ModelFileException {
    long bytes = 0;
    for (Role role : manifest().roles()) {
      Place place = role.place();
      for (int l = 0; place.kind() == Place.Kind.LINEAR && l < spec.layers(); l++) {
        int rows = place.rows(spec);
        int columns = place.columns(spec);
        TernaryFormat format = (TernaryFormat) ternary(place, l).format();
        bytes += TernaryMatrix.bytes(rows, columns);
        bytes += TernaryScales.bytes(format.scaleKind(), rows, columns);
      }
    }
    return bytes;
  }

  /** The weight of a linear layer. */
  Tensor ternary(Place place, int layer) throws ModelFileException {
    Tensor tensor = shaped(place, layer);
    if (!(tensor.format() instanceof TernaryFormat)) {
      throw refuseType(
          tensor, "a ternary layer must be stored as " + names(WeightFormats.ternary()));
    }
    return tensor;
  }

  /**
   * The finite scales of a linear layer, of that weight: one where all its weights share it and
   * activations have scales by rows. With those by groups, weights have theirs by groups too.
   */
  TernaryScales scales(Tensor weight, NativeMemory memory) throws ModelFileException {
    TernaryFormat format = (TernaryFormat) weight.format();
    int rows = (int) weight.rows();
    int columns = (int) weight.columns();
    boolean byGroups = spec.activationScaling() == ActivationScaling.GROUP;
    if (byGroups && !(format.scaleKind() instanceof ScaleKind.Group)) {
      throw refuse(
          weight,
          "it has no scales by groups of columns, which activations with a scale a group need; if"
              + " the model was trained with quantized activations, ask for one scale a row");
    }
    try {
      TernaryScales scales =
          byGroups
              ? TernaryScales.stored(memory, format, weight.data(), rows, columns)
              : TernaryScales.of(memory, format, weight.data(), rows, columns);
      return scales.times(outerScale(Manifest.scale(weight.name())));
    } catch (IllegalArgumentException e) {
      throw refuse(weight, e.getMessage());
    }
  }

  /** The optional F32 scalar beside a linear layer, a factor of its product. */
  private float outerScale(String name) throws ModelFileException {
    if (file.find(name).isEmpty()) {
      return 1f;
    }
    return floats(shaped(name, 1, 1))[0];
  }

  /** A vector of finite numbers. */
  float[] floats(Place place, int layer) throws ModelFileException {
    return floats(shaped(place, layer));
  }

  private float[] floats(Tensor tensor) throws ModelFileException {
    int length = (int) tensor.columns();
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

  /** The embedding or head. */
  Tensor vocabularyMatrix(Place place) throws ModelFileException {
    return shaped(place, 0);
  }

  /** How such a matrix is stored. */
  FloatFormat matrixFormat(Tensor tensor) throws ModelFileException {
    if (!(tensor.format() instanceof FloatFormat format)) {
      throw refuseType(tensor, "it must be stored as " + names(WeightFormats.floats()));
    }
    return format;
  }

  private static String names(List<? extends WeightFormat> formats) {
    return formats.stream().map(WeightFormat::name).collect(Collectors.joining(" or "));
  }

  private Tensor shaped(Place place, int layer) throws ModelFileException {
    return shaped(name(place, layer), place.columns(spec), place.rows(spec));
  }

  private Tensor shaped(String name, long columns, long rows) throws ModelFileException {
    Tensor tensor = file.tensor(name);
    // With a third dimension, some formats put a scale after each slice.
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
