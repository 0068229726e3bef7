package org.bitnetj.format;

import static org.bitnetj.format.ScaleKind.ROW;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * Floats that are ternary weights already: in every row, or every group of 128 columns, each is -d,
 * 0 or d. Digits and scales hold them without loss.
 *
 * @param stored how the floats are stored
 * @param scaleKind what shares a d
 */
public record SignsFormat(FloatFormat stored, ScaleKind scaleKind) implements OfFloats {
  private static final int GROUP = 128;

  /**
   * A reading of a matrix as ternary weights, if there is one.
   *
   * @param data exactly its bytes
   * @param groupsFirst whether a matrix that can be read in both ways is read by groups
   */
  public static Optional<SignsFormat> find(
      FloatFormat stored, MemorySegment data, int rows, int columns, boolean groupsFirst) {
    ScaleKind group = new ScaleKind.Group(GROUP);
    for (ScaleKind kind : groupsFirst ? List.of(group, ROW) : List.of(ROW, group)) {
      if (isTernary(stored, data, rows, columns, kind)) {
        return Optional.of(new SignsFormat(stored, kind));
      }
    }
    return Optional.empty();
  }

  private static boolean isTernary(
      FloatFormat stored, MemorySegment data, int rows, int columns, ScaleKind kind) {
    float[] floats = new float[columns];
    for (int row = 0; row < rows; row++) {
      stored.floats(data, columns, row, floats, 0);
      boolean ternary =
          kind.equals(ROW)
              ? isTernary(floats, 0, columns, largest(floats, 0, columns))
              : isTernaryByGroups(floats);
      if (!ternary) {
        return false;
      }
    }
    return true;
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

  /** Scales of groups are kept as float16, so each must be one. */
  private static boolean isTernaryByGroups(float[] floats) {
    for (int begin = 0; begin < floats.length; begin += GROUP) {
      int end = begin + GROUP;
      if (end > floats.length) {
        return false;
      }
      float d = largest(floats, begin, end);
      if (Float.float16ToFloat(Float.floatToFloat16(d)) != d || !isTernary(floats, begin, end, d)) {
        return false;
      }
    }
    return true;
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

  @Override
  public void scales(MemorySegment data, int columns, int row, float[] out) {
    float[] floats = new float[columns];
    stored.floats(data, columns, row, floats, 0);
    int group = scaleKind instanceof ScaleKind.Group g ? g.columns() : columns;
    for (int g = 0; g < scaleKind.count(columns); g++) {
      out[g] = largest(floats, g * group, (g + 1) * group);
    }
  }
}
