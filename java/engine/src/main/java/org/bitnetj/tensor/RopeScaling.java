package org.bitnetj.tensor;

/**
 * How the rotations of a model that was first trained on shorter texts are changed: the frequencies
 * of its pairs, and what cosines and sines are multiplied by. Immutable.
 */
public sealed interface RopeScaling {
  /** Nothing is changed. */
  RopeScaling NONE = new Linear(1);

  /**
   * The frequency of a pair.
   *
   * @param frequency without scaling, in radians a position
   * @param pair its number, from the fastest on
   * @param theta base of the frequencies
   * @param dimensions rotated elements of a head
   */
  double frequency(double frequency, int pair, double theta, int dimensions);

  /** What cosines and sines are multiplied by. */
  double magnitude();

  /**
   * All rotations are slower by one factor: position interpolation (Chen et al., arXiv 2306.15595).
   *
   * @param factor above 0
   */
  record Linear(double factor) implements RopeScaling {
    public Linear {
      check(factor > 0 && Double.isFinite(factor), "a factor of " + factor);
    }

    @Override
    public double frequency(double frequency, int pair, double theta, int dimensions) {
      return frequency / factor;
    }

    @Override
    public double magnitude() {
      return 1;
    }
  }

  /**
   * Slow rotations are slower by a factor, fast ones are as they were, and those between are mixed
   * (YaRN; Peng et al., arXiv 2309.00071).
   *
   * @param factor above 0
   * @param originalContext positions that the model was first trained on
   * @param fastTurns pairs with at least this many turns within these keep their frequency
   * @param slowTurns those with this many or fewer are slower by the whole factor
   * @param magnitude what cosines and sines are multiplied by
   */
  record Yarn(
      double factor, int originalContext, double fastTurns, double slowTurns, double magnitude)
      implements RopeScaling {
    public static final double FAST_TURNS = 32;
    public static final double SLOW_TURNS = 1;

    public Yarn {
      check(factor > 0 && Double.isFinite(factor), "a factor of " + factor);
      check(originalContext > 0, "an original context of " + originalContext);
      check(
          fastTurns >= slowTurns && slowTurns > 0 && Double.isFinite(fastTurns),
          "mixing between " + slowTurns + " and " + fastTurns + " turns");
      check(magnitude > 0 && Double.isFinite(magnitude), "a magnitude of " + magnitude);
    }

    /**
     * The magnitude that the paper gives for a factor: 1 + 0.1 ln(factor), 1 up to a factor of 1.
     */
    public static double magnitude(double factor) {
      return factor <= 1 ? 1 : 1 + 0.1 * StrictMath.log(factor);
    }

    @Override
    public double frequency(double frequency, int pair, double theta, int dimensions) {
      double low = Math.max(0, Math.floor(pairOf(fastTurns, theta, dimensions)));
      double high = Math.min(dimensions - 1, Math.ceil(pairOf(slowTurns, theta, dimensions)));
      double slowed = Math.clamp((pair - low) / Math.max(0.001, high - low), 0, 1);
      return frequency * ((1 - slowed) + slowed / factor);
    }

    /** The pair, between whole numbers, that turns so often within the original context. */
    private double pairOf(double turns, double theta, int dimensions) {
      return dimensions
          * StrictMath.log(originalContext / (turns * 2 * Math.PI))
          / (2 * StrictMath.log(theta));
    }
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise + " is out of range for the scaling of RoPE");
    }
  }
}
