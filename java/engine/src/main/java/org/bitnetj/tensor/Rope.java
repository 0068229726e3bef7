package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.memory.NativeMemory;

/**
 * Rotary position embedding: tables of cosines and sines {@code [positions][pairs]}, computed in
 * double by {@link StrictMath} and rounded once, so that every tier and machine rotates alike. Pair
 * i of a head turns by {@code position * theta^(-2i / dimensions)} (Su et al., arXiv 2104.09864),
 * in some models divided by a number for each pair, and changed by a {@link RopeScaling}.
 *
 * <p>The tables grow as positions are used. {@link #reach} must not run while another thread reads;
 * everything else is read-only.
 */
public final class Rope extends Operand {
  /** Which elements of a head form a pair. */
  public enum Style {
    /** (i, i + pairs), as GPT-NeoX and Hugging Face's Llama do. */
    HALVES,
    /** (2i, 2i + 1), as the original Llama does. */
    ADJACENT
  }

  private static final int STEP = 256;

  /**
   * Factors that move a double by more than {@link Math} and {@link StrictMath} can differ. Each is
   * within 1 ulp of the true value, at most 2^-52 of it, so the two differ by 2^-51 of it, and by
   * two roundings of 2^-53 once they are multiplied by a magnitude; these move by 2^-50, less a
   * rounding of 2^-53.
   */
  private static final double BELOW = 1 - 0x1p-50;

  private static final double ABOVE = 1 + 0x1p-50;

  private final NativeMemory memory;
  private final double[] frequencies;
  private final double magnitude;
  private final int headDim;
  private final int positions;
  private final Style style;
  private MemorySegment cosines;
  private MemorySegment sines;
  private int capacity;
  private int filled;

  /**
   * @param dimensions how many elements of a head are rotated, even, at most {@code headDim}
   * @param memory owns the tables, also those that larger ones have replaced
   * @param positions how many positions the tables may grow to
   */
  public Rope(
      NativeMemory memory, int headDim, int dimensions, double theta, Style style, int positions) {
    this(memory, headDim, dimensions, theta, new float[0], RopeScaling.NONE, style, positions);
  }

  /**
   * @param divisors what the frequency of each pair is divided by; empty for nothing
   * @param scaling what is done to the frequencies after that
   */
  public Rope(
      NativeMemory memory,
      int headDim,
      int dimensions,
      double theta,
      float[] divisors,
      RopeScaling scaling,
      Style style,
      int positions) {
    if (dimensions % 2 != 0 || dimensions > headDim) {
      throw new IllegalArgumentException(
          dimensions + " rotated elements do not fit a head of " + headDim);
    }
    int pairs = dimensions / 2;
    this.headDim = headDim;
    this.style = style;
    this.positions = positions;
    this.frequencies = new double[pairs];
    for (int i = 0; i < pairs; i++) {
      frequencies[i] = StrictMath.pow(theta, -2.0 * i / dimensions);
      if (divisors.length > 0) {
        frequencies[i] /= divisors[i];
      }
      frequencies[i] = scaling.frequency(frequencies[i], i, theta, dimensions);
    }
    this.magnitude = scaling.magnitude();
    this.memory = memory;
    this.capacity = Math.min(STEP, positions);
    this.cosines = table();
    this.sines = table();
  }

  /** Fills the tables so that {@code position} can be used. */
  public void reach(int position) {
    if (position >= positions) {
      throw new IndexOutOfBoundsException(position);
    }
    if (position >= capacity) {
      grow(position);
    }
    while (filled <= position) {
      int end = Math.min(filled + STEP, positions);
      long at = (long) filled * frequencies.length;
      for (int p = filled; p < end; p++) {
        for (double frequency : frequencies) {
          double angle = p * frequency;
          cosines.setAtIndex(ValueLayout.JAVA_FLOAT, at, cosine(angle, magnitude));
          sines.setAtIndex(ValueLayout.JAVA_FLOAT, at, sine(angle, magnitude));
          at++;
        }
      }
      filled = end;
    }
  }

  /**
   * {@code (float) (StrictMath.cos(angle) * magnitude)}, mostly without the arrays that {@link
   * StrictMath} puts on the heap. Where all doubles that this can be beside {@link Math}'s value
   * round to one float, it is the one.
   */
  static float cosine(double angle, double magnitude) {
    double near = Math.cos(angle) * magnitude;
    float rounded = (float) (near * BELOW);
    return rounded == (float) (near * ABOVE)
        ? rounded
        : (float) (StrictMath.cos(angle) * magnitude);
  }

  /** {@code (float) (StrictMath.sin(angle) * magnitude)}, found in the same way. */
  static float sine(double angle, double magnitude) {
    double near = Math.sin(angle) * magnitude;
    float rounded = (float) (near * BELOW);
    return rounded == (float) (near * ABOVE)
        ? rounded
        : (float) (StrictMath.sin(angle) * magnitude);
  }

  /** Doubles the room, so that all tables there ever were are less than two of the last. */
  private void grow(int position) {
    while (capacity <= position) {
      capacity = (int) Math.min(2L * capacity, positions);
    }
    cosines = table().copyFrom(cosines);
    sines = table().copyFrom(sines);
    forgetView();
  }

  private MemorySegment table() {
    return memory.allocate((long) capacity * frequencies.length * Float.BYTES);
  }

  public float cosine(int position, int pair) {
    return cosines.getAtIndex(ValueLayout.JAVA_FLOAT, (long) position * frequencies.length + pair);
  }

  public float sine(int position, int pair) {
    return sines.getAtIndex(ValueLayout.JAVA_FLOAT, (long) position * frequencies.length + pair);
  }

  /** The table of cosines as far as it reaches now, float32. */
  public MemorySegment cosines() {
    return cosines;
  }

  /** The table of sines as far as it reaches now, float32. */
  public MemorySegment sines() {
    return sines;
  }

  /** How many positions the tables may grow to. */
  public int positions() {
    return positions;
  }

  /** Rotated pairs in a head; elements past 2 * pairs stay as they are. */
  public int pairs() {
    return frequencies.length;
  }

  public int headDim() {
    return headDim;
  }

  public Style style() {
    return style;
  }
}
