package org.bitnetj.format;

import static org.bitnetj.format.ScaleKind.ROW;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * Floats that are ternary weights already: in every row, or every group of 128 columns, each is -d,
 * 0 or d. Digits and scales hold them without loss. That they are is checked where scales are read.
 *
 * @param stored how the floats are stored
 * @param scaleKind what shares a d: {@link ScaleKind#ROW} or {@link #GROUP}
 */
public record SignsFormat(FloatFormat stored, ScaleKind scaleKind) implements OfFloats {
  /** Groups of columns. */
  public static final ScaleKind.Group GROUP = new ScaleKind.Group(128);

  /**
   * A reading of a matrix as ternary weights, if there is one.
   *
   * @param data exactly its bytes
   * @param groupsFirst whether a matrix that can be read in both ways is read by groups
   */
  public static Optional<SignsFormat> find(
      FloatFormat stored, MemorySegment data, int rows, int columns, boolean groupsFirst) {
    for (ScaleKind kind : groupsFirst ? List.of(GROUP, ROW) : List.of(ROW, GROUP)) {
      SignsFormat format = new SignsFormat(stored, kind);
      boolean whole = kind.equals(ROW) || columns % GROUP.columns() == 0;
      if (whole && format.isTernary(data, rows, columns)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  private boolean isTernary(MemorySegment data, int rows, int columns) {
    float[] scales = new float[scaleKind.count(columns)];
    for (int row = 0; row < rows; row++) {
      if (read(data, columns, row, scales) >= 0) {
        return false;
      }
    }
    return true;
  }

  /** Puts each d of a row into {@code out}; where there is none, the first such group, else -1. */
  private int read(MemorySegment data, int columns, int row, float[] out) {
    float[] floats = new float[columns];
    stored.floats(data, columns, row, floats, 0);
    int group = scaleKind instanceof ScaleKind.Group g ? g.columns() : columns;
    for (int g = 0; g < scaleKind.count(columns); g++) {
      int begin = g * group;
      int end = Math.min(columns, begin + group);
      float d = largest(floats, begin, end);
      // Scales of groups are kept as float16.
      boolean scale = scaleKind.equals(ROW) || Float.float16ToFloat(Float.floatToFloat16(d)) == d;
      if (!scale || !isTernary(floats, begin, end, d)) {
        return g;
      }
      out[g] = d;
    }
    return -1;
  }

  private static float largest(float[] floats, int begin, int end) {
    float largest = 0;
    for (int i = begin; i < end; i++) {
      largest = Math.max(largest, Math.abs(floats[i]));
    }
    return largest;
  }

  /** NaN is none of the three, and an infinite d no scale. */
  private static boolean isTernary(float[] floats, int begin, int end, float d) {
    for (int i = begin; i < end; i++) {
      float x = Math.abs(floats[i]);
      if (x != d && x != 0) {
        return false;
      }
    }
    return Float.isFinite(d);
  }

  @Override
  public String name() {
    return stored.name() + " ternary";
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    float[] floats = new float[columns];
    stored.floats(data, columns, row, floats, 0);
    for (int c = 0; c < columns; c++) {
      out[c] = (byte) (floats[c] > 0 ? 2 : floats[c] < 0 ? 0 : 1);
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the weights are not ternary; the message is a clause
   */
  @Override
  public void scales(MemorySegment data, int columns, int row, float[] out) {
    int wrong = read(data, columns, row, out);
    if (wrong >= 0) {
      throw new IllegalArgumentException(
          scaleKind.equals(ROW)
              ? "the floats of row %d are not all -d, 0 or d".formatted(row)
              : "the floats of row %d, columns %d to %d, are not all -d, 0 or d with a float16 d"
                  .formatted(row, wrong * GROUP.columns(), (wrong + 1) * GROUP.columns() - 1));
    }
  }
}
