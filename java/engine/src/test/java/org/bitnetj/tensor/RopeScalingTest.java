package org.bitnetj.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.SplittableRandom;
import org.bitnetj.memory.NativeMemory;
import org.junit.jupiter.api.Test;

class RopeScalingTest {
  private static final double THETA = 1e6;
  private static final int DIMENSIONS = 128;

  private static double share(RopeScaling scaling, int pair) {
    double frequency = Math.pow(THETA, -2.0 * pair / DIMENSIONS);
    return scaling.frequency(frequency, pair, THETA, DIMENSIONS) / frequency;
  }

  @Test
  void linearScalingSlowsAllPairsAlike() {
    RopeScaling scaling = new RopeScaling.Linear(4);
    for (int pair = 0; pair < DIMENSIONS / 2; pair++) {
      assertEquals(0.25, share(scaling, pair), 1e-15);
      assertEquals(1, share(RopeScaling.NONE, pair));
    }
    assertEquals(1, scaling.magnitude());
  }

  /** The last pair that is as it was and the first that is slowed wholly, in published models. */
  @Test
  void yarnMixesThePairsBetweenFastAndSlowOnes() {
    mixed(8192, 17, 34);
    mixed(16384, 20, 37);
  }

  private static void mixed(int context, int low, int high) {
    RopeScaling scaling = new RopeScaling.Yarn(4, context, 32, 1, 1);
    for (int pair = 0; pair < DIMENSIONS / 2; pair++) {
      double slowed = pair <= low ? 0 : pair >= high ? 1 : (pair - low) / (double) (high - low);
      assertEquals(1 - slowed + slowed / 4, share(scaling, pair), 1e-12, "pair " + pair);
    }
  }

  @Test
  void theMagnitudeGrowsByTheLogarithmOfTheFactor() {
    assertEquals(1.1386294, RopeScaling.Yarn.magnitude(4), 1e-7);
    assertEquals(1, RopeScaling.Yarn.magnitude(1));
    assertEquals(1, RopeScaling.Yarn.magnitude(0.5));
  }

  @Test
  void tablesHoldScaledFrequenciesAndMagnitude() {
    RopeScaling scaling = new RopeScaling.Yarn(4, 64, 32, 1, 1.25);
    try (NativeMemory memory = new NativeMemory()) {
      Rope rope = new Rope(memory, 32, 32, THETA, new float[0], scaling, Rope.Style.HALVES, 512);
      rope.reach(511);
      for (int p = 0; p < 512; p++) {
        for (int i = 0; i < 16; i++) {
          double frequency = StrictMath.pow(THETA, -2.0 * i / 32);
          double angle = p * scaling.frequency(frequency, i, THETA, 32);
          assertEquals((float) (StrictMath.cos(angle) * 1.25), rope.cosine(p, i));
          assertEquals((float) (StrictMath.sin(angle) * 1.25), rope.sine(p, i));
        }
      }
    }
  }

  @Test
  void valuesTimesAMagnitudeRoundAsThoseOfStrictMathDo() {
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 500_000; i++) {
      double angle = random.nextDouble(1, 2) * StrictMath.scalb(1.0, random.nextInt(-60, 40));
      double magnitude = random.nextDouble(0.5, 2);
      assertEquals(
          (float) (StrictMath.sin(angle) * magnitude),
          Rope.sine(angle, magnitude),
          () -> "sine of " + angle + " times " + magnitude);
      assertEquals(
          (float) (StrictMath.cos(angle) * magnitude),
          Rope.cosine(angle, magnitude),
          () -> "cosine of " + angle + " times " + magnitude);
    }
  }

  @Test
  void whatCannotBeIsRefused() {
    for (double factor : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> new RopeScaling.Linear(factor));
      assertThrows(IllegalArgumentException.class, () -> new RopeScaling.Yarn(factor, 1, 32, 1, 1));
    }
    assertThrows(IllegalArgumentException.class, () -> new RopeScaling.Yarn(4, 0, 32, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new RopeScaling.Yarn(4, 64, 1, 32, 1));
    assertThrows(IllegalArgumentException.class, () -> new RopeScaling.Yarn(4, 64, 32, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> new RopeScaling.Yarn(4, 64, 32, 1, 0));
  }
}
