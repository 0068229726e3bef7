package org.bitnetj.format;

/** What encoders of float formats have in common. */
final class Rounding {
  private Rounding() {}

  /**
   * The nearest float16 to a value or a scale.
   *
   * @throws IllegalArgumentException if it would be infinite; the message is a clause
   */
  static short half(float value) {
    short half = Float.floatToFloat16(value);
    if ((half & 0x7c00) == 0x7c00) {
      throw new IllegalArgumentException(
          "has a value for which it needs " + value + " as a float16, which ends at 65504");
    }
    return half;
  }

  /** {@code 1 / scale}, but 0 for a scale of 0, which makes every value 0. */
  static float inverse(float scale) {
    return scale == 0 ? 0 : 1 / scale;
  }

  /** The nearest integer, a half to the even one, within bounds. */
  static int clamped(float x, int least, int most) {
    return (int) Math.min(Math.max(Math.rint(x), least), most);
  }

  /** The element of the largest absolute value, with its sign; the first of several. */
  static float farthest(float[] values, int begin, int end) {
    float farthest = 0;
    for (int i = begin; i < end; i++) {
      farthest = Math.abs(values[i]) > Math.abs(farthest) ? values[i] : farthest;
    }
    return farthest;
  }
}
