package org.bitnetj.synth;

import java.util.Arrays;
import java.util.Locale;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.Place;
import org.bitnetj.format.TernaryEncoder;
import org.bitnetj.tensor.Activation;

/**
 * What a random model has in common with a trained one, beyond its sizes: how many rows of its up
 * matrices are active, and how far its best logit stands out. Both decide how many weights a
 * decoding engine has to read, and neither is in random weights what it is in trained ones.
 *
 * <p><b>Active rows.</b> The first 1/40 of the columns of the residual stream hold a constant:
 * every embedding has it there, and no layer adds to it. Only the norms before feed-forward
 * networks let it through, and there only gates multiply it, by -1. A gate, else normally
 * distributed with mean 0, so is above 0 with the probability p if the constant's part in it is
 * that many of its deviations below 0.
 *
 * <p><b>Peak.</b> The embedding is so large beside what layers add that the logit of the token that
 * was read last is {@code peak} standard deviations above the mean of all; for the angle a between
 * the last hidden state and that token's row, of K columns, it is √K cos a.
 *
 * @param activeRows the share of rows of up whose gate is above 0, 0.01 to 0.5; 0.5 is what random
 *     weights have, and changes none
 * @param peak 0, which changes no weights, or from 5, above which chance hardly comes, to √K / 4
 */
public record Likeness(double activeRows, double peak) {
  /** As random weights are. */
  public static final Likeness NONE = new Likeness(0.5, 0);

  private static final int COLUMNS_PER_CONSTANT = 40;

  /** Of as many logits as vocabularies have, by chance the best is 3.5 to 4.5 above the mean. */
  private static final double LEAST_PEAK = 5;

  /** The mean square of a norm's weights, uniform in [0.875, 1.125). */
  private static final double NORM_SQUARE = 1 + 0.125 * 0.125 / 3;

  public Likeness {
    if (!(activeRows >= 0.01 && activeRows <= 0.5)) {
      throw new IllegalArgumentException(
          "The share of active rows is " + activeRows + ", but must be from 0.01 to 0.5.");
    }
    if (!(peak == 0 || peak >= LEAST_PEAK && peak < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "The peak is " + peak + ", but must be " + LEAST_PEAK + " or more, or 0 for none.");
    }
  }

  /** Whether gates are changed. */
  private boolean closesGates() {
    return activeRows < 0.5;
  }

  /**
   * Refuses models that cannot have it.
   *
   * @throws IllegalArgumentException saying why not
   */
  void requireFits(ModelShape shape, Architecture architecture, TernaryEncoder weights) {
    if (closesGates() && architecture.activation() != Activation.RELU_SQUARED) {
      throw new IllegalArgumentException(
          "Gates of architecture '"
              + architecture.label()
              + "' make no row inactive; choose one with squared ReLU, such as bitnet-b1.58.");
    }
    if (closesGates() && !RandomDigits.areAny(weights)) {
      throw new IllegalArgumentException(
          weights.name() + " cannot hold the zeros that a share of active rows takes.");
    }
    if (peak > 0 && !shape.tiedHead()) {
      throw new IllegalArgumentException(
          "Shape "
              + shape.name()
              + " has a head of its own; a peak is made by one that is tied to the embedding.");
    }
    if (peak > Math.sqrt(shape.width()) / 4) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "The peak is %s, but must be at most %.1f for a width of %d.",
              peak,
              Math.sqrt(shape.width()) / 4,
              shape.width()));
    }
  }

  /** The deviation of an embedding, times the root of the width: 2 if there is no peak. */
  double embeddingGain(int width) {
    return peak > 0 ? peak / Math.sqrt(1 - peak * peak / width) : 2;
  }

  /**
   * Changes digits of a row of a linear layer's matrix.
   *
   * @param digits what only pads stays as it is
   */
  void apply(Place place, ModelShape sizes, int row, byte[] digits) {
    if (closesGates()) {
      switch (place) {
        case GATE -> Arrays.fill(digits, 0, constants(sizes), (byte) 0);
        case UP -> Arrays.fill(digits, 0, constants(sizes), (byte) 1);
        case ATTENTION_OUTPUT, DOWN -> {
          if (row < constants(sizes)) {
            Arrays.fill(digits, 0, place.columns(sizes), (byte) 1);
          }
        }
        default -> {}
      }
    }
  }

  /** Changes values of an embedding's row or a norm. */
  void apply(Place place, int layer, ModelShape sizes, double zeroShare, float[] values) {
    if (closesGates()) {
      switch (place) {
        case EMBEDDING -> fill(values, sizes, constant(sizes));
        case ATTENTION_NORM, OUTPUT_NORM -> fill(values, sizes, 0);
        case FEED_FORWARD_NORM -> fill(values, sizes, norm(layer, sizes, zeroShare));
        default -> {}
      }
    }
  }

  private static void fill(float[] values, ModelShape sizes, double value) {
    Arrays.fill(values, 0, constants(sizes), (float) value);
  }

  private static int constants(ModelShape sizes) {
    return Math.max(1, sizes.width() / COLUMNS_PER_CONSTANT);
  }

  /** An embedding's deviation, so that it is no outlier. */
  private double constant(ModelShape sizes) {
    return embeddingGain(sizes.width()) / Math.sqrt(sizes.width());
  }

  /**
   * The norm's weight for the constants. The residual stream has by then the embedding's square and
   * 1/2L of each part that was added, of a gain of 1 / √2L and a scale that varies as norms do.
   */
  private double norm(int layer, ModelShape sizes, double zeroShare) {
    int constants = constants(sizes);
    double constant = constant(sizes);
    double added = (2 * layer + 1) / (2.0 * sizes.layers()) * NORM_SQUARE * NORM_SQUARE;
    double stream = Math.sqrt(constant * constant + added);
    double terms = (sizes.width() - constants) * (1 - zeroShare) * NORM_SQUARE;
    return quantile(1 - activeRows) * Math.sqrt(terms) * stream / (constants * constant);
  }

  /** Below which a standard normal variable is with the probability p, 0.5 to 0.99. */
  private static double quantile(double p) {
    int steps = 1 << 12;
    double step = 3.0 / steps;
    double density = 1 / Math.sqrt(2 * Math.PI);
    double sum = 0.5;
    for (int i = 0; i < steps; i++) {
      double middle = (i + 0.5) * step;
      sum += density * Math.exp(-middle * middle / 2) * step;
      if (sum >= p) {
        return middle;
      }
    }
    return 3;
  }
}
