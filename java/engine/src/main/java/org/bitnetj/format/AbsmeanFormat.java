package org.bitnetj.format;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bitnetj.parallel.ThreadTeam;

/**
 * Floats from which BitLinear's forward pass makes ternary weights: with {@code s = 1 / max(mean
 * |W|, 1e-5)} the digit is {@code clamp(round_half_even(W s), -1, 1)} and the scale {@code 1 / s}.
 * The mean is summed in float64 row by row and rounded to float32 once; all else is float32 (Ma et
 * al., "The Era of 1-bit LLMs", and transformers' {@code integrations/bitnet.py}). One matrix's:
 * {@link #prepare}, or else the first that asks for digits or scales, reads all of it. Thread-safe.
 */
public final class AbsmeanFormat implements OfFloats {
  /** That one thread sums at once. */
  private static final int ROWS = 16;

  private static final float LEAST_MEAN = 1e-5f;
  private static final int HALF = Float.floatToRawIntBits(0.5f);

  private final FloatFormat stored;
  private final int rows;
  private float factor; // s; NaN or 0 if some float is NaN or infinite
  private volatile boolean read;

  /**
   * @param stored how the floats are stored
   */
  public AbsmeanFormat(FloatFormat stored, int rows) {
    this.stored = stored;
    this.rows = rows;
  }

  @Override
  public void prepare(MemorySegment data, int columns, ThreadTeam team) {
    if (!read) {
      double[] sums = new double[rows];
      team.run((begin, end) -> sum(data, columns, sums, begin, end), rows, ROWS);
      derive(sums, columns);
    }
  }

  private float factor(MemorySegment data, int columns) {
    if (!read) {
      synchronized (this) {
        if (!read) {
          double[] sums = new double[rows];
          sum(data, columns, sums, 0, rows);
          derive(sums, columns);
        }
      }
    }
    return factor;
  }

  private void derive(double[] sums, int columns) {
    double total = 0;
    for (double sum : sums) { // one after the other, whichever thread had which row
      total += sum;
    }
    float mean = (float) (total / ((double) rows * columns));
    factor = 1 / Math.max(mean, LEAST_MEAN);
    read = true;
  }

  private void sum(MemorySegment data, int columns, double[] sums, int begin, int end) {
    float[] floats = new float[columns];
    for (int row = begin; row < end; row++) {
      stored.floats(data, columns, row, floats, 0);
      double sum = 0;
      for (float x : floats) {
        sum += Math.abs(x);
      }
      sums[row] = sum;
    }
  }

  @Override
  public FloatFormat stored() {
    return stored;
  }

  @Override
  public String name() {
    return stored.name() + " absmean";
  }

  @Override
  public ScaleKind scaleKind() {
    return ScaleKind.TENSOR;
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    float[] floats = new float[columns];
    stored.floats(data, columns, row, floats, 0);
    float s = factor(data, columns);
    for (int c = 0; c < columns; c++) {
      // A half rounds to the even 0; more is 1. No branch: no processor would guess it.
      int bits = Float.floatToRawIntBits(floats[c] * s);
      int one = HALF - (bits & Integer.MAX_VALUE) >>> 31;
      out[c] = (byte) (1 + one - 2 * (one & bits >>> 31));
    }
  }

  @Override
  public void scales(MemorySegment data, int columns, int row, float[] out) {
    out[0] = 1 / factor(data, columns);
  }

  @Override
  public Optional<Float> uniformScale(MemorySegment data, int rows, int columns) {
    return Optional.of(1 / factor(data, columns));
  }
}
