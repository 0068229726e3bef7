package org.bitnetj.convert;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.TernaryEncoder;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.LayoutOptions;

/**
 * How a model is converted. Immutable; constructor and {@code with} methods refuse names that they
 * do not know with an {@link IllegalArgumentException} whose message is a sentence.
 *
 * @param weights the type of the ternary weights of linear layers, one of {@link #weightTypes};
 *     empty to keep them as they are, and those of a type that is only read as {@code i2_s}, or as
 *     {@code pq2_0} where they have scales by groups of columns
 * @param head the type of the embedding and the output head, one of {@link #headTypes}; empty to
 *     keep them as they are
 * @param exactScales whether the scale of a matrix is kept to the bit where a type holds float16
 *     alone: then it is a tensor of its own, which not every engine reads. Else it is rounded, by
 *     at most one part in 2048, with a warning
 * @param activations what shares a scale among int8 activations, where the model leaves it open;
 *     empty for the engine's guess
 * @param layouts how weights are stored where the model's file leaves it open
 * @param lowBitHead whether a file of the engine's own layouts gets a low-bit copy of the head, so
 *     that none is made when it is loaded: for {@code AUTO} where the head is so large that it is
 *     used by default, for {@code SCREENED} wherever it is smaller than the head by a quarter
 * @param sparse whether the engine's own layouts have the feed-forward network by rows and columns,
 *     of two bits a digit, where kernels can skip part of it; else it is in panels too, as the
 *     other matrices
 * @param progress learns how much has been written
 * @param warnings receives what is lost or guessed, each a sentence without full stop
 */
public record ConversionOptions(
    Optional<String> weights,
    Optional<String> head,
    boolean exactScales,
    Optional<ActivationScaling> activations,
    LayoutOptions layouts,
    HeadMode lowBitHead,
    boolean sparse,
    Progress progress,
    Consumer<String> warnings) {
  /**
   * The type that stands for the layouts that the engine computes with: a model whose weights are
   * stored so is mapped and ready.
   */
  public static final String PANELS = "panels";

  /**
   * Likewise, with five digits a byte instead of four where a matrix can be so and is in panels:
   * 1.6 bits a weight.
   */
  public static final String PANELS_1_6 = PanelLayout.FIVE_DIGITS.label();

  /** Learns how much has been written. */
  @FunctionalInterface
  public interface Progress {
    /**
     * After every few megabytes: bytes of the file written, and all there will be.
     *
     * @param written bytes of the new file that are written
     * @param size bytes that it will have
     */
    void at(long written, long size);
  }

  /**
   * Checks the names of types.
   *
   * @throws IllegalArgumentException if there is no such type
   */
  public ConversionOptions {
    Objects.requireNonNull(weights, "weights is null");
    Objects.requireNonNull(head, "head is null");
    Objects.requireNonNull(activations, "activations is null");
    Objects.requireNonNull(layouts, "layouts is null");
    Objects.requireNonNull(lowBitHead, "lowBitHead is null");
    Objects.requireNonNull(progress, "progress is null");
    Objects.requireNonNull(warnings, "warnings is null");
    weights.ifPresent(ConversionOptions::requireWeightType);
    head.ifPresent(label -> WeightFormats.labelled(label, WeightFormats.floats()));
  }

  /** {@return options that keep everything as it is, progress and warnings to nobody} */
  public static ConversionOptions defaults() {
    return new ConversionOptions(
        Optional.empty(),
        Optional.empty(),
        false,
        Optional.empty(),
        LayoutOptions.none(),
        HeadMode.AUTO,
        true,
        (written, size) -> {},
        warning -> {});
  }

  /**
   * {@return names of types of ternary weights, {@link #PANELS} and {@link #PANELS_1_6} last} Of
   * one that has two ids, the second has its id behind.
   */
  public static List<String> weightTypes() {
    return Stream.concat(
            WeightFormats.encoders().stream().map(WeightFormats::label),
            Stream.of(PANELS, PANELS_1_6))
        .toList();
  }

  /** {@return names of types of embeddings and heads} */
  public static List<String> headTypes() {
    return WeightFormats.floats().stream().map(WeightFormats::label).toList();
  }

  Optional<TernaryEncoder> weightFormat() {
    return weights.filter(label -> panels(label).isEmpty()).map(ConversionOptions::encoder);
  }

  private static void requireWeightType(String label) {
    if (weightTypes().stream().noneMatch(label::equalsIgnoreCase)) {
      throw WeightFormats.unknownLabel(label, weightTypes());
    }
  }

  private static TernaryEncoder encoder(String label) {
    return WeightFormats.labelled(label, WeightFormats.encoders());
  }

  private static Optional<PanelLayout> panels(String label) {
    return label.equalsIgnoreCase(PANELS)
        ? Optional.of(PanelLayout.TWO_BIT)
        : label.equalsIgnoreCase(PANELS_1_6)
            ? Optional.of(PanelLayout.FIVE_DIGITS)
            : Optional.empty();
  }

  /** The panels, if weights are to be stored in the engine's own layouts. */
  Optional<PanelLayout> panels() {
    return weights.flatMap(ConversionOptions::panels);
  }

  Optional<FloatFormat> headFormat() {
    return head.map(label -> WeightFormats.labelled(label, WeightFormats.floats()));
  }

  /**
   * {@return these options with another {@link #weights}}
   *
   * @param type the new one
   */
  public ConversionOptions withWeights(String type) {
    Objects.requireNonNull(type, "type is null");
    return new ConversionOptions(
        Optional.of(type),
        head,
        exactScales,
        activations,
        layouts,
        lowBitHead,
        sparse,
        progress,
        warnings);
  }

  /**
   * {@return these options with another {@link #head}}
   *
   * @param type the new one
   */
  public ConversionOptions withHead(String type) {
    Objects.requireNonNull(type, "type is null");
    return new ConversionOptions(
        weights,
        Optional.of(type),
        exactScales,
        activations,
        layouts,
        lowBitHead,
        sparse,
        progress,
        warnings);
  }

  /**
   * {@return these options with another {@link #exactScales}}
   *
   * @param exact the new one
   */
  public ConversionOptions withExactScales(boolean exact) {
    return new ConversionOptions(
        weights, head, exact, activations, layouts, lowBitHead, sparse, progress, warnings);
  }

  /**
   * {@return these options with another {@link #activations}}
   *
   * @param scaling the new one
   */
  public ConversionOptions withActivations(ActivationScaling scaling) {
    Objects.requireNonNull(scaling, "scaling is null");
    return new ConversionOptions(
        weights,
        head,
        exactScales,
        Optional.of(scaling),
        layouts,
        lowBitHead,
        sparse,
        progress,
        warnings);
  }

  /**
   * {@return these options with another {@link #layouts}}
   *
   * @param value the new one
   */
  public ConversionOptions withLayouts(LayoutOptions value) {
    return new ConversionOptions(
        weights, head, exactScales, activations, value, lowBitHead, sparse, progress, warnings);
  }

  /**
   * {@return these options with another {@link #lowBitHead}}
   *
   * @param mode the new one
   */
  public ConversionOptions withLowBitHead(HeadMode mode) {
    return new ConversionOptions(
        weights, head, exactScales, activations, layouts, mode, sparse, progress, warnings);
  }

  /**
   * {@return these options with another {@link #sparse}}
   *
   * @param skipping the new one
   */
  public ConversionOptions withSparse(boolean skipping) {
    return new ConversionOptions(
        weights, head, exactScales, activations, layouts, lowBitHead, skipping, progress, warnings);
  }

  /**
   * {@return these options with another {@link #progress}}
   *
   * @param listener the new one
   */
  public ConversionOptions withProgress(Progress listener) {
    return new ConversionOptions(
        weights, head, exactScales, activations, layouts, lowBitHead, sparse, listener, warnings);
  }

  /**
   * {@return these options with another {@link #warnings}}
   *
   * @param listener the new one
   */
  public ConversionOptions withWarnings(Consumer<String> listener) {
    return new ConversionOptions(
        weights, head, exactScales, activations, layouts, lowBitHead, sparse, progress, listener);
  }
}
