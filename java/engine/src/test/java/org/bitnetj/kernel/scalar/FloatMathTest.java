package org.bitnetj.kernel.scalar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class FloatMathTest {

  /** Every 64th float: an odd step, so that all low bits occur. */
  private static final int STEP = 65;

  @Test
  void expIsWithinOneUlpWhereItsValueIsNormal() {
    double worst = 0;
    float at = 0;
    for (long bits = 0; bits < 1L << 32; bits += STEP) {
      float x = Float.intBitsToFloat((int) bits);
      double exact = StrictMath.exp(x);
      if (exact >= Float.MIN_NORMAL && exact < 0x1.fffffep127) {
        double ulps = Math.abs(FloatMath.exp(x) - exact) / Math.ulp((float) exact);
        if (ulps > worst) {
          worst = ulps;
          at = x;
        }
      }
    }
    assertTrue(worst < 1, "exp(" + at + ") is off by " + worst + " ulp");
    assertTrue(worst > 0.5, "no function of float32 steps is this good: " + worst);
  }

  @Test
  void expIsWithinOneAndAHalfSmallestFloatsWhereItsValueIsDenormal() {
    int low = Float.floatToIntBits(-87.3f);
    int high = Float.floatToIntBits(-104f);
    for (int bits = low; bits <= high; bits += 7) {
      float x = Float.intBitsToFloat(bits);
      double off = Math.abs(FloatMath.exp(x) - StrictMath.exp(x)) / Float.MIN_VALUE;
      assertTrue(off <= 1.5 || StrictMath.exp(x) >= Float.MIN_NORMAL, "exp(" + x + "): " + off);
    }
  }

  @Test
  void expHasExactEndsAndPassesNanOn() {
    assertEquals(1f, FloatMath.exp(0f));
    assertEquals(1f, FloatMath.exp(-0f));
    assertEquals(1f, FloatMath.exp(Float.MIN_VALUE));
    assertEquals(Float.POSITIVE_INFINITY, FloatMath.exp(Float.POSITIVE_INFINITY));
    assertEquals(Float.POSITIVE_INFINITY, FloatMath.exp(Float.MAX_VALUE));
    assertEquals(Float.POSITIVE_INFINITY, FloatMath.exp(88.73f));
    assertTrue(FloatMath.exp(88.72f) < Float.POSITIVE_INFINITY);
    assertEquals(0, Float.floatToRawIntBits(FloatMath.exp(Float.NEGATIVE_INFINITY)));
    assertEquals(0, Float.floatToRawIntBits(FloatMath.exp(-Float.MAX_VALUE)));
    assertEquals(0, Float.floatToRawIntBits(FloatMath.exp(-104f)));
    assertTrue(FloatMath.exp(-103.2f) > 0);
    assertTrue(Float.isNaN(FloatMath.exp(Float.NaN)));
  }

  @Test
  void expNeverFallsFromAStepToTheNextOne() {
    float last = 0;
    for (float x = -105f; x < 89f; x += 0x1p-10f) {
      float y = FloatMath.exp(x);
      assertTrue(y >= last, "exp falls at " + x);
      last = y;
    }
  }

  @Test
  void siluIsXTimesTheLogisticFunction() {
    double worst = 0;
    for (float x = -80f; x < 80f; x += 0x1.3p-9f) {
      double exact = x / (1 + StrictMath.exp(-(double) x));
      worst = Math.max(worst, Math.abs(FloatMath.silu(x) - exact) / Math.ulp((float) exact));
    }
    assertTrue(worst < 3, "silu is off by " + worst + " ulp");
    assertEquals(0f, FloatMath.silu(0f));
    assertEquals(Float.POSITIVE_INFINITY, FloatMath.silu(Float.POSITIVE_INFINITY));
    assertEquals(Float.MAX_VALUE, FloatMath.silu(Float.MAX_VALUE));
    assertEquals(0f, Math.abs(FloatMath.silu(-Float.MAX_VALUE)));
    assertTrue(Float.isNaN(FloatMath.silu(Float.NaN)));
  }

  /** Relative to the input: where the result is tiny, its exponent has few exact bits. */
  @Test
  void geluIsTheTanhApproximation() {
    double worst = 0;
    for (float x = -20f; x < 20f; x += 0x1.3p-12f) {
      double inner = Math.sqrt(2 / Math.PI) * (x + 0.044715 * Math.pow(x, 3));
      double exact = 0.5 * x * (1 + StrictMath.tanh(inner));
      worst = Math.max(worst, Math.abs((FloatMath.gelu(x) - exact) / x));
    }
    assertTrue(worst < 2e-7, "gelu is off by " + worst + " of its input");
    assertEquals(0f, FloatMath.gelu(0f));
    assertEquals(Float.MAX_VALUE, FloatMath.gelu(Float.MAX_VALUE));
    assertEquals(0f, Math.abs(FloatMath.gelu(-Float.MAX_VALUE)));
    assertTrue(Float.isNaN(FloatMath.gelu(Float.NaN)));
  }

  @Test
  void reluSquaredIsTheSquareOfThePositivePart() {
    assertEquals(0f, FloatMath.reluSquared(-3f));
    assertEquals(0f, FloatMath.reluSquared(Float.NEGATIVE_INFINITY));
    assertEquals(0, Float.floatToRawIntBits(FloatMath.reluSquared(-0f)));
    assertEquals(0, Float.floatToRawIntBits(FloatMath.reluSquared(-Float.MIN_VALUE)));
    assertEquals(9f, FloatMath.reluSquared(3f));
    assertEquals(Float.POSITIVE_INFINITY, FloatMath.reluSquared(1e30f));
    assertEquals(0f, FloatMath.reluSquared(1e-30f));
    assertTrue(Float.isNaN(FloatMath.reluSquared(Float.NaN)));
  }

  @Test
  void aReductionTakesSixteenLanesAndThenHalvesThem() {
    // Lane 0 gets 2^24 + 1, which is 2^24 in float32; in any other order a one would survive.
    float[] a = new float[33];
    a[0] = 0x1p24f;
    a[16] = 1f;
    a[32] = -0x1p24f;
    assertEquals(0f, FloatMath.sum(a, 33));
    a[16] = 0f;
    a[17] = 1f;
    assertEquals(1f, FloatMath.sum(a, 33));
    // Lanes 0 and 8 meet first: 2^24 and -2^24 cancel before lane 4's one is added.
    float[] b = new float[16];
    b[0] = 0x1p24f;
    b[8] = -0x1p24f;
    b[4] = 1f;
    assertEquals(1f, FloatMath.sum(b, 16));
    b[8] = 1f;
    b[4] = -0x1p24f;
    assertEquals(0f, FloatMath.sum(b, 16));
  }

  @Test
  void dotProductsAreFused() {
    float x = 1 + 0x1p-12f; // its square needs 25 bits
    float[] a = {x, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, x};
    float[] b = {-x, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, x};
    float rounded = -(x * x);
    assertEquals(Math.fma(x, x, rounded), FloatMath.dot(a, 0, b, 0, 17));
    assertTrue(FloatMath.dot(a, 0, b, 0, 17) != 0, "a product that is rounded would cancel");
  }

  @Test
  void dotTakesItsOffsetsAndIsNearTheExactSum() {
    Random random = new Random(1);
    for (int n = 1; n < 200; n++) {
      float[] a = new float[n + 3];
      float[] b = new float[n + 5];
      double exact = 0;
      double size = 0;
      for (int i = 0; i < n; i++) {
        a[i + 3] = (float) random.nextGaussian();
        b[i + 5] = (float) random.nextGaussian();
        exact += (double) a[i + 3] * b[i + 5];
        size += Math.abs((double) a[i + 3] * b[i + 5]);
      }
      assertEquals(exact, FloatMath.dot(a, 3, b, 5, n), size * 0x1p-20);
    }
  }
}
