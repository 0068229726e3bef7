package org.bitnetj.kernel.scalar;

/**
 * The engine's own elementary functions and its one order of summation. Defined operation by
 * operation in float32, so that every tier can repeat them to the last bit.
 */
public final class FloatMath {
  /** Lanes of a reduction: lane l takes elements i with i % 16 == l in rising order. */
  public static final int LANES = 16;

  /** Below this, exp is zero: half the smallest float is exp(-103.98). */
  private static final float EXP_LOW = -104f;

  /** Above this, exp is infinite. */
  private static final float EXP_HIGH = 89f;

  private static final float LOG2_E = 0x1.715476p0f;
  // ln 2 in two parts; the first has 15 bits, so its product with |n| <= 150 is exact.
  private static final float LN2_HIGH = 0x1.62e4p-1f;
  private static final float LN2_LOW = 0x1.7f7d1cp-20f;
  // (exp(r) - 1 - r) / r^2 on |r| <= ln(2) / 2, least maximum error of exp(r), degree 4.
  private static final float C2 = 0x1.fffffcp-2f;
  private static final float C3 = 0x1.555492p-3f;
  private static final float C4 = 0x1.5558f2p-5f;
  private static final float C5 = 0x1.123a2p-7f;
  private static final float C6 = 0x1.6a23dap-10f;

  /** 2 sqrt(2 / pi), and 0.044715 times that. */
  public static final float GELU_C0 = 1.5957691f;

  public static final float GELU_C1 = 0.071354814f;

  private FloatMath() {}

  /**
   * e^x: reduction by n = rint(x log2 e), a polynomial in fused steps, then two exact powers of
   * two. Within 1 ulp of the true value where that is a normal float; 0 below -104, infinite above
   * 88.73, NaN for NaN.
   */
  public static float exp(float x) {
    float c = x < EXP_LOW ? EXP_LOW : x; // both comparisons let NaN through
    c = c > EXP_HIGH ? EXP_HIGH : c;
    float n = (float) Math.rint(c * LOG2_E);
    float r = Math.fma(n, -LN2_HIGH, c);
    r = Math.fma(n, -LN2_LOW, r);
    float p = Math.fma(C6, r, C5);
    p = Math.fma(p, r, C4);
    p = Math.fma(p, r, C3);
    p = Math.fma(p, r, C2);
    p = Math.fma(p, r, 1f);
    p = Math.fma(p, r, 1f);
    int k = (int) n;
    int half = k >> 1; // 2^k in two factors, each a normal float
    return p
        * Float.intBitsToFloat((half + 127) << 23)
        * Float.intBitsToFloat((k - half + 127) << 23);
  }

  /** {@code x / (1 + exp(-x))}. */
  public static float silu(float x) {
    return x / (1f + exp(-x));
  }

  /**
   * {@code x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2}, the approximation of GELU by
   * Hendrycks and Gimpel (arXiv 1606.08415), as {@code x / (1 + exp(-u))} with {@code u = x (C0 +
   * C1 x^2)}.
   */
  public static float gelu(float x) {
    return x / (1f + exp(-(x * Math.fma(x * x, GELU_C1, GELU_C0))));
  }

  /** {@code max(x, 0)^2}; NaN for NaN. */
  public static float reluSquared(float x) {
    float r = x < 0f ? 0f : x;
    return r * r;
  }

  /** Dot product of the first {@code n} elements: fused into 16 lanes, then {@link #fold}. */
  static float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
    float[] lanes = new float[LANES];
    int whole = n - n % LANES;
    for (int i = 0; i < whole; i += LANES) {
      for (int l = 0; l < LANES; l++) {
        lanes[l] = Math.fma(a[aOffset + i + l], b[bOffset + i + l], lanes[l]);
      }
    }
    for (int i = whole; i < n; i++) {
      lanes[i - whole] = Math.fma(a[aOffset + i], b[bOffset + i], lanes[i - whole]);
    }
    return fold(lanes);
  }

  /** Sum of the first {@code n} elements: added into 16 lanes, then {@link #fold}. */
  static float sum(float[] a, int n) {
    float[] lanes = new float[LANES];
    for (int i = 0; i < n; i++) {
      lanes[i % LANES] += a[i];
    }
    return fold(lanes);
  }

  /** 16 lanes to one by adding the upper half to the lower, four times. Overwrites them. */
  static float fold(float[] lanes) {
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int l = 0; l < half; l++) {
        lanes[l] += lanes[l + half];
      }
    }
    return lanes[0];
  }
}
