package org.bitnetj.format;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bitnetj.parallel.ThreadTeam;

/**
 * A format of digits u with scales: the weight is {@code scale * (u - 1)}, so that 0, 1 and 2 mean
 * -1, 0 and +1 times the scale.
 *
 * <p>Methods that read take exactly the bytes of a matrix. They check nothing else.
 */
public non-sealed interface TernaryFormat extends WeightFormat {
  /** What {@link #layoutId} is where kernels do not know the layout. */
  int NO_LAYOUT_ID = -1;

  /** What shares a scale. */
  ScaleKind scaleKind();

  /**
   * The largest digit that a good file holds: 2, or 3 for two-bit types that use it for +2. Others
   * store nothing larger than 2, or a 3 only by damage.
   */
  default int largestDigit() {
    return 2;
  }

  /**
   * Refuses digits that no good file of this format holds.
   *
   * @param digits of a row, 0 to 3
   * @throws IllegalArgumentException if there is such a one; the message is a clause that follows
   *     the tensor's name
   */
  default void requireTernary(byte[] digits, int columns, int row) {
    if (largestDigit() < 3 && EightDigits.hold3(digits, columns)) {
      throw new IllegalArgumentException(
          "has a weight of +2 times its scale in row "
              + row
              + ", which "
              + name()
              + " cannot hold");
    }
  }

  /**
   * The id by which kernels know how digits are stored: that of the format, or where it has several
   * meanings, that of another with the same bytes or one above all that are in use; or {@link
   * #NO_LAYOUT_ID}.
   */
  default int layoutId() {
    return id();
  }

  /** Puts the digits of a row into {@code out[0]} to {@code out[columns - 1]}; 0 to 3 as stored. */
  void digits(MemorySegment data, int columns, int row, byte[] out);

  /** Puts the scales of a row into the first {@code scaleKind().count(columns)} elements. */
  void scales(MemorySegment data, int columns, int row, float[] out);

  /**
   * Reads by a team what scales and digits follow from, where that is all of a matrix; else the
   * first call that needs it reads it by itself.
   */
  default void prepare(MemorySegment data, int columns, ThreadTeam team) {}

  /**
   * The one scale of a matrix: that of all groups or rows that hold a weight other than 0, if they
   * have the same; 0 if there is no such weight. Looks at digits only where a scale differs.
   */
  default Optional<Float> uniformScale(MemorySegment data, int rows, int columns) {
    int count = scaleKind().count(columns);
    int group = scaleKind() instanceof ScaleKind.Group g ? g.columns() : columns;
    float[] scales = new float[count];
    byte[] digits = {};
    boolean found = false;
    float uniform = 0;
    for (int row = 0; row < rows; row++) {
      scales(data, columns, row, scales);
      boolean read = false;
      for (int g = 0; g < count; g++) {
        if (found && Float.floatToRawIntBits(scales[g]) == Float.floatToRawIntBits(uniform)) {
          continue;
        }
        if (!read) {
          digits = digits.length == 0 ? new byte[columns] : digits;
          digits(data, columns, row, digits);
          read = true;
        }
        if (isZero(digits, g * group, Math.min(columns, (g + 1) * group))) {
          continue;
        }
        if (found) {
          return Optional.empty();
        }
        found = true;
        uniform = scales[g];
      }
    }
    return Optional.of(uniform);
  }

  private static boolean isZero(byte[] digits, int begin, int end) {
    for (int i = begin; i < end; i++) {
      if (digits[i] != 1) {
        return false;
      }
    }
    return true;
  }
}
