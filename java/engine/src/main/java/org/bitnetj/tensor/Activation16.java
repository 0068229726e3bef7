package org.bitnetj.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import org.bitnetj.memory.NativeMemory;

/**
 * A 16-bit activation: one row x, of which each element is nearly {@code scale * (256 * high +
 * low)} with two signed bytes, and with it how far a logit can be from what a {@link LowBitMatrix}
 * says of it. Mutable; not thread-safe.
 *
 * <p>Let w be a row of the head, v what the low-bit copy says of it, e its bound of |w - v| and n
 * the one of |w| (Euclidean norms); y what the two bytes say of x; L the float32 logit as defined.
 *
 * <ol>
 *   <li>w.x - v.y = (w - v).y + w.(x - y), so by Cauchy and Schwarz it is at most e |y| + n |x - y|
 *       in absolute value.
 *   <li>With u = 2^-24, each product of the logit's sum is rounded at most N = ceil(columns / 16) +
 *       4 times: |L - w.x| is at most g n |x|, g = N u / (1 - N u), and what underflow does.
 *   <li>A kernel computes a = v.y from the exact integer sum by three roundings and adds b to it by
 *       one more: that is off by less than 2^-21 |v| |y| and 2^-24 b, and |v| is at most n + e.
 * </ol>
 *
 * <p>So |L - a| is at most e {@link #errorWeight} + n {@link #normWeight} + {@link #slack} with
 * errorWeight = |y| (1 + 2^-21), normWeight = |x - y| + g |x| + 2^-21 |y|, both enlarged by 2^-18
 * of themselves for the roundings of this very sum, of b and in this class. The slack is 2^-100 for
 * underflow: a product in the logit's sum or in b loses at most 2^-150, and a scale, e or n up to
 * 2^-150 times at most 2^41, which is what {@link #set} allows; a product of scales up to 2^-150
 * times an integer below 2^38.
 */
public final class Activation16 {
  private static final double LEAST = 0x1p-40;
  private static final double MOST = 0x1p40;
  private static final float SLACK = 0x1p-100f;

  /**
   * The largest element, as a multiple of the root mean square, up to which high bytes will do: the
   * error of a byte is then about 2 % of |x|, where the coarse residual of a row is some 15 % of
   * it.
   */
  private static final double MOST_PEAK = 8;

  /** So that the high byte of the largest activation, rounded, is 127. */
  private static final double RANGE = 127 * 256;

  private final MemorySegment high;
  private final MemorySegment low;
  private final int columns;
  private int highSum;
  private int lowSum;
  private boolean lowZero = true;
  private float scale;
  private float errorWeight;
  private float normWeight;

  private Activation16(NativeMemory memory, int columns) {
    this.columns = columns;
    long padded = (columns + 255L) / 256 * 256;
    this.high = memory.allocate(padded);
    this.low = memory.allocate(padded);
  }

  /** Zeros, with no bound of anything. */
  public static Activation16 allocate(NativeMemory memory, int columns) {
    return new Activation16(memory, columns);
  }

  /**
   * Takes a row of finite activations.
   *
   * @return false if it is zero or so small or large that the bounds would not hold; then the bytes
   *     mean nothing
   */
  public boolean set(FloatRows x, int row) {
    return set(x, row, false);
  }

  /**
   * The same, but unless the row has elements far larger than most, all low bytes are zero ({@link
   * #isLowZero}): bounds are a little wider, and kernels need less time for them.
   *
   * @return as {@link #set}
   */
  public boolean setRounded(FloatRows x, int row) {
    return set(x, row, true);
  }

  private boolean set(FloatRows x, int row, boolean mayRound) {
    float largest = 0;
    double square = 0;
    for (int i = 0; i < columns; i++) {
      float value = x.get(row, i);
      largest = Math.max(largest, Math.abs(value));
      square += (double) value * value;
    }
    double norm = Math.sqrt(square);
    if (!(largest >= LEAST && norm <= MOST)) {
      return false;
    }
    float scale = (float) (largest / RANGE);
    boolean rounds = mayRound && largest * Math.sqrt(columns) <= MOST_PEAK * norm;
    int unit = rounds ? 256 : 1; // of which codes are multiples
    double inverse = 1.0 / ((double) scale * unit);
    int highSum = 0;
    int lowSum = 0;
    int anyLow = 0;
    long codeSquare = 0;
    double errorSquare = 0;
    for (int i = 0; i < columns; i++) {
      double value = x.get(row, i);
      int code = unit * (int) Math.rint(value * inverse); // at most RANGE + 1 in absolute value
      int upper = code + 128 >> 8;
      int lower = code - 256 * upper;
      high.set(JAVA_BYTE, i, (byte) upper);
      low.set(JAVA_BYTE, i, (byte) lower);
      highSum += upper;
      lowSum += lower;
      anyLow |= lower;
      codeSquare += (long) code * code;
      double error = value - (double) scale * code;
      errorSquare += error * error;
    }
    double codeNorm = scale * Math.sqrt(codeSquare);
    double roundings = ((columns + 15) / 16 + 4) * 0x1p-24;
    double sumError = roundings / (1 - roundings);
    double up = 1 + 0x1p-18;
    this.highSum = highSum;
    this.lowSum = lowSum;
    this.lowZero = anyLow == 0;
    this.scale = scale;
    this.errorWeight = above(codeNorm * (1 + 0x1p-21) * up);
    this.normWeight = above((Math.sqrt(errorSquare) + sumError * norm + 0x1p-21 * codeNorm) * up);
    return true;
  }

  private static float above(double value) {
    return Math.nextUp((float) value);
  }

  public int columns() {
    return columns;
  }

  public MemorySegment high() {
    return high;
  }

  public MemorySegment low() {
    return low;
  }

  public int highSum() {
    return highSum;
  }

  public int lowSum() {
    return lowSum;
  }

  /** Whether all low bytes are zero, so that kernels need not multiply with them. */
  public boolean isLowZero() {
    return lowZero;
  }

  public float scale() {
    return scale;
  }

  public float errorWeight() {
    return errorWeight;
  }

  public float normWeight() {
    return normWeight;
  }

  public float slack() {
    return SLACK;
  }
}
