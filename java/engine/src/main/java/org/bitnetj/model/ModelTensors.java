package org.bitnetj.model;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Manifest;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.MappedFormat;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;

/**
 * A language model's tensors in its source, each checked against the shape and the types that its
 * place demands. Of ternary matrices all that is read is scales, and digits where scales differ.
 * Immutable.
 *
 * @param source must stay open
 * @param spec the shape of the model in {@code source}
 */
record ModelTensors(ModelSource source, ModelSpec spec) {
  /** What is in the source and not computed with would make every result wrong in silence. */
  void refuseUnknown() throws ModelFileException {
    Set<String> known = new HashSet<>();
    for (Role role : manifest().roles()) {
      boolean linear = role.place().kind() == Place.Kind.LINEAR;
      for (int layer = 0; layer < (role.place().isInLayers() ? spec.layers() : 1); layer++) {
        source.find(role, layer).ifPresent(tensor -> known.add(tensor.name()));
        if (linear) {
          source.findFactor(role, layer).ifPresent(tensor -> known.add(tensor.name()));
        }
      }
    }
    source.lowBitHead().ifPresent(tensor -> known.add(tensor.name()));
    for (Tensor tensor : source.tensors()) {
      if (!known.contains(tensor.name())) {
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

  /**
   * Checks that every tensor is there that is computed with, in a shape and type that its place can
   * have, and no other. Weights are not read.
   *
   * @throws ModelFileException naming the first that is wrong
   */
  void requireAll() throws ModelFileException {
    refuseUnknown();
    for (Role role : manifest().roles()) {
      Place place = role.place();
      for (int layer = 0; layer < (place.isInLayers() ? spec.layers() : 1); layer++) {
        if (!has(place, layer)) {
          continue;
        }
        switch (place.kind()) {
          case LINEAR -> linear(place, layer);
          case VECTOR -> floatFormat(shaped(place, layer));
          case VOCABULARY_MATRIX -> {
            Tensor tensor = vocabularyMatrix(place);
            if (!UnpackedMatrix.accepts(tensor.format(), spec.width())) {
              floatFormat(tensor);
            }
          }
        }
      }
    }
  }

  private Manifest manifest() {
    return spec.architecture().manifest();
  }

  /** Whether the family has such a tensor, and, where it is optional, the source too. */
  boolean has(Place place, int layer) {
    return manifest()
        .at(place)
        .filter(role -> !role.optional() || source.find(role, layer).isPresent())
        .isPresent();
  }

  private Role role(Place place) {
    return manifest().at(place).orElseThrow();
  }

  /** The tensor of a place that the family has, of whatever shape. */
  Tensor tensor(Place place, int layer) throws ModelFileException {
    return source.tensor(role(place), layer);
  }

  /** The output head's place; the embedding's where the model ties them. */
  Place headPlace() {
    return has(Place.HEAD, 0) ? Place.HEAD : Place.EMBEDDING;
  }

  /** Bytes of the tensors that are used in place: matrices of floats. */
  long inPlaceBytes() {
    return vocabularyBytes()
        + stored(Place.Kind.LINEAR)
            .filter(tensor -> tensor.format() instanceof FloatFormat)
            .mapToLong(tensor -> tensor.data().byteSize())
            .sum();
  }

  /** Bytes of the embedding, and of the head where it is another tensor, if they are floats. */
  long vocabularyBytes() {
    return stored(Place.Kind.VOCABULARY_MATRIX)
        .filter(tensor -> tensor.format() instanceof FloatFormat)
        .mapToLong(tensor -> tensor.data().byteSize())
        .sum();
  }

  /** Whether a vocabulary's matrix is of floats. */
  boolean isFloats(Place place) throws ModelFileException {
    return tensor(place, 0).format() instanceof FloatFormat;
  }

  /** Bytes that all weights take if the ternary ones have as few bits as there are layouts for. */
  long leastBytes() {
    return inPlaceBytes()
        + unpackedBytes()
        + stored(Place.Kind.LINEAR)
            .filter(tensor -> tensor.format() instanceof TernaryFormat)
            .filter(tensor -> Math.max(tensor.rows(), tensor.columns()) <= ModelSpec.MAX_WIDTH)
            .mapToLong(
                tensor -> {
                  TernaryFormat format = (TernaryFormat) tensor.format();
                  boolean fits =
                      format.largestDigit() <= PanelLayout.FIVE_DIGITS.largestDigit()
                          && !(format.scaleKind() instanceof ScaleKind.Group);
                  PanelLayout layout = fits ? PanelLayout.FIVE_DIGITS : PanelLayout.TWO_BIT;
                  return layout.bytes((int) tensor.rows(), (int) tensor.columns());
                })
            .sum();
  }

  /** Bytes of the embedding and head where they are not used in place. */
  long unpackedBytes() {
    return stored(Place.Kind.VOCABULARY_MATRIX)
        .filter(tensor -> UnpackedMatrix.accepts(tensor.format(), spec.width()))
        .mapToLong(tensor -> UnpackedMatrix.FORMAT.bytes(spec.vocabulary(), spec.width()))
        .sum();
  }

  /** Bytes of the ternary matrices that are used in place. */
  long mappedBytes(boolean sparse) {
    return stored(Place.Kind.LINEAR)
        .filter(tensor -> isMapped(tensor, sparse))
        .mapToLong(tensor -> tensor.data().byteSize())
        .sum();
  }

  /**
   * Whether a linear layer's matrix can be used in place.
   *
   * @param sparse whether by rows or columns too
   */
  private static boolean isMapped(Tensor tensor, boolean sparse) {
    return tensor.format() instanceof MappedFormat format
        && format.isUsableAt(tensor.data())
        && (sparse || format.layout() instanceof PanelLayout);
  }

  /**
   * Bytes of the other ternary matrices in panels, each with as many scales as its format has.
   *
   * @param sparse whether those by rows or columns are used in place
   */
  long ternaryBytes(boolean sparse) {
    return stored(Place.Kind.LINEAR)
        .filter(tensor -> tensor.format() instanceof TernaryFormat)
        .filter(tensor -> !isMapped(tensor, sparse))
        .filter(tensor -> Math.max(tensor.rows(), tensor.columns()) <= ModelSpec.MAX_WIDTH)
        .mapToLong(
            tensor -> {
              int rows = (int) tensor.rows();
              int columns = (int) tensor.columns();
              ScaleKind scales = ((TernaryFormat) tensor.format()).scaleKind();
              return TernaryMatrix.bytes(rows, columns)
                  + TernaryScales.bytes(scales, rows, columns);
            })
        .sum();
  }

  private Stream<Tensor> stored(Place.Kind kind) {
    return manifest().roles().stream()
        .filter(role -> role.place().kind() == kind)
        .flatMap(
            role ->
                IntStream.range(0, role.place().isInLayers() ? spec.layers() : 1)
                    .mapToObj(layer -> source.find(role, layer))
                    .flatMap(Optional::stream));
  }

  /** The weight of a linear layer: of ternary digits or of floats. */
  Tensor linear(Place place, int layer) throws ModelFileException {
    Tensor tensor = shaped(place, layer);
    if (tensor.format() instanceof FloatFormat) {
      if (source.findFactor(role(place), layer).isPresent()) {
        throw refuse(tensor, "only ternary weights can have a factor beside them");
      }
    } else if (!(tensor.format() instanceof TernaryFormat)) {
      throw refuseType(
          tensor,
          "a linear layer must be stored as "
              + names(WeightFormats.ternary())
              + ", or in floats as "
              + names(WeightFormats.floats()));
    }
    return tensor;
  }

  /**
   * The finite scales of a linear layer, of that weight: one where all its weights share it and
   * activations have scales by rows. With those by groups, weights have theirs by groups too.
   */
  TernaryScales scales(Place place, int layer, Tensor weight, NativeMemory memory)
      throws ModelFileException {
    TernaryFormat format = (TernaryFormat) weight.format();
    int rows = (int) weight.rows();
    int columns = (int) weight.columns();
    boolean byGroups = spec.activationScaling() == ActivationScaling.GROUP;
    if (byGroups && !(format.scaleKind() instanceof ScaleKind.Group)) {
      throw refuse(
          weight,
          "it has no scales by groups of columns, which activations with a scale a group need; if"
              + " the model was trained with quantized activations, ask for one scale a row"
              + " (--activations row)");
    }
    try {
      if (format instanceof MappedFormat mapped
          && mapped.isUsableAt(weight.data())
          && source.findFactor(role(place), layer).isEmpty()
          && (byGroups || mapped.uniformScale(weight.data(), rows, columns).isEmpty())) {
        return TernaryScales.view(mapped, weight.data());
      }
      TernaryScales scales =
          byGroups
              ? TernaryScales.stored(memory, format, weight.data(), rows, columns)
              : TernaryScales.of(memory, format, weight.data(), rows, columns);
      return scales.times(factor(place, layer));
    } catch (IllegalArgumentException e) {
      throw refuse(weight, e.getMessage());
    }
  }

  /**
   * A ternary matrix of a linear layer, with its scales.
   *
   * @param memory for scales that are not used in place
   * @param team reads what scales follow from, where that is all of the matrix
   */
  StoredMatrix matrix(Place place, int layer, NativeMemory memory, ThreadTeam team)
      throws ModelFileException {
    Tensor tensor = linear(place, layer);
    ((TernaryFormat) tensor.format()).prepare(tensor.data(), (int) tensor.columns(), team);
    return new StoredMatrix(tensor, scales(place, layer, tensor, memory));
  }

  /** Whether a weight has digits, and its input no norm of its own. */
  boolean isPlainTernary(Place place, int layer) throws ModelFileException {
    return linear(place, layer).format() instanceof TernaryFormat && !has(place.inputNorm(), layer);
  }

  /** The optional scalar beside a linear layer, which its products are multiplied by. */
  private float factor(Place place, int layer) throws ModelFileException {
    Optional<Tensor> factor = source.findFactor(role(place), layer);
    return factor.isPresent() ? floats(shaped(factor.get(), 1, 1))[0] : 1f;
  }

  /** A vector of finite numbers. */
  float[] floats(Place place, int layer) throws ModelFileException {
    return floats(shaped(place, layer));
  }

  private float[] floats(Tensor tensor) throws ModelFileException {
    int length = (int) tensor.columns();
    FloatFormat format = floatFormat(tensor);
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

  /** How a tensor of floats is stored. */
  FloatFormat floatFormat(Tensor tensor) throws ModelFileException {
    if (!(tensor.format() instanceof FloatFormat format)) {
      throw refuseType(
          tensor,
          "it must be stored as "
              + names(WeightFormats.floats())
              + (tensor.rows() > 1
                  ? ", or in a ternary type with scales by groups; 'bitnet convert --head' changes"
                      + " it"
                  : ""));
    }
    return format;
  }

  private static String names(List<? extends WeightFormat> formats) {
    return formats.stream().map(WeightFormat::name).distinct().collect(Collectors.joining(" or "));
  }

  private Tensor shaped(Place place, int layer) throws ModelFileException {
    return shaped(tensor(place, layer), place.columns(spec), place.rows(spec));
  }

  private Tensor shaped(Tensor tensor, long columns, long rows) throws ModelFileException {
    // With a third dimension, some formats put a scale after each slice.
    boolean flat = tensor.dims().stream().skip(2).allMatch(d -> d == 1);
    if (!flat || tensor.columns() != columns || tensor.rows() != rows) {
      throw refuse(tensor, "the model's shape needs " + columns + " x " + rows);
    }
    return tensor;
  }

  private ModelFileException refuseType(Tensor tensor, String wanted) {
    return refuse(tensor, tensor.format().foreign().map(f -> f + "; " + wanted).orElse(wanted));
  }

  /** An error that says which tensor of which file cannot be used, and why. */
  ModelFileException refuse(Tensor tensor, String why) {
    return new ModelFileException(
        tensor.file()
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
