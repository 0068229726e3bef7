package org.bitnetj.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.memory.NativeMemory;

/**
 * RMSNorm with a weight: {@code y_i = (x_i * (1 / sqrt(sum(x^2) / n + epsilon))) * weight_i}; or no
 * norm at all ({@link #none}). A row whose sum of squares overflows becomes NaN. Read-only.
 */
public final class Norm extends Operand {
  private final MemorySegment weight;
  private final int columns;
  private final float epsilon;

  private Norm(MemorySegment weight, int columns, float epsilon) {
    this.weight = weight;
    this.columns = columns;
    this.epsilon = epsilon;
  }

  /** A norm over rows of {@code weight.length} floats. */
  public static Norm of(NativeMemory memory, float[] weight, float epsilon) {
    MemorySegment copy = memory.allocate((long) weight.length * Float.BYTES);
    MemorySegment.copy(weight, 0, copy, ValueLayout.JAVA_FLOAT, 0, weight.length);
    return new Norm(copy, weight.length, epsilon);
  }

  /** The identity on rows of {@code columns} floats. */
  public static Norm none(int columns) {
    return new Norm(MemorySegment.NULL, columns, 0);
  }

  /**
   * {@code 1 / sqrt(mean + epsilon)}, the factor of a row with that mean of squares; NaN if the
   * mean is infinite.
   */
  public float factor(float mean) {
    return 1f / (float) Math.sqrt(mean + epsilon) + (mean - mean);
  }

  public boolean isNone() {
    return weight.address() == 0;
  }

  /** One float32 for each column; null's address if there is no norm. */
  public MemorySegment weight() {
    return weight;
  }

  public float epsilon() {
    return epsilon;
  }

  public int columns() {
    return columns;
  }
}
