package org.bitnetj.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.parallel.ThreadTeam;

/**
 * An embedding or head of ternary weights (Ternary-Bonsai's), as floats of Q4_0. That holds them
 * exactly: a weight is a float16 scale times -1, 0, 1 or 2, and Q4_0 has a float16 for each 32
 * columns and codes for -8 to 7. Kernels for floats then read it, whatever its own type.
 */
final class UnpackedMatrix {
  /** What the matrix becomes. */
  static final FloatFormat FORMAT = WeightFormats.Q4_0;

  private static final int BLOCK = 32; // columns of FORMAT
  private static final int ZERO = 8; // its code for 0

  private final TernaryFormat format;
  private final MemorySegment from;
  private final MemorySegment to;
  private final int rows;
  private final int columns;
  private final int group;

  private UnpackedMatrix(
      TernaryFormat format, MemorySegment from, MemorySegment to, int rows, int columns) {
    this.format = format;
    this.from = from;
    this.to = to;
    this.rows = rows;
    this.columns = columns;
    this.group = ((ScaleKind.Group) format.scaleKind()).columns();
  }

  /** Whether matrices of a type can be unpacked: it has scales by groups, and those are float16. */
  static boolean accepts(WeightFormat format, int columns) {
    return format instanceof TernaryFormat ternary
        && ternary.scaleKind() instanceof ScaleKind.Group group
        && group.columns() % BLOCK == 0
        && columns % BLOCK == 0;
  }

  /** Makes room for a matrix. */
  static UnpackedMatrix allocate(
      NativeMemory memory, TernaryFormat format, MemorySegment from, int rows, int columns) {
    MemorySegment to = memory.allocate(FORMAT.bytes(rows, columns));
    return new UnpackedMatrix(
        format, from, to.asSlice(0, FORMAT.bytes(rows, columns)), rows, columns);
  }

  /** What {@link #run} fills. */
  MemorySegment data() {
    return to;
  }

  /**
   * Unpacks it.
   *
   * @return false if a scale is not a finite float16 or a digit is none of the type
   */
  boolean run(ThreadTeam team) {
    AtomicBoolean valid = new AtomicBoolean(true);
    team.run(
        (begin, end) -> {
          byte[] digits = new byte[columns];
          float[] scales = new float[format.scaleKind().count(columns)];
          for (int row = begin; row < end; row++) {
            if (!unpack(row, digits, scales)) {
              valid.set(false);
            }
          }
        },
        rows,
        64);
    return valid.get();
  }

  private boolean unpack(int row, byte[] digits, float[] scales) {
    format.digits(from, columns, row, digits);
    format.scales(from, columns, row, scales);
    boolean valid = true;
    long at = row * FORMAT.rowBytes(columns);
    for (int c = 0; c < columns; c += BLOCK, at += FORMAT.blockBytes()) {
      float scale = scales[c / group];
      short half = Float.floatToFloat16(scale);
      valid &= Float.isFinite(scale) && Float.float16ToFloat(half) == scale;
      to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, half);
      for (int j = 0; j < BLOCK / 2; j++) {
        int low = digits[c + j];
        int high = digits[c + BLOCK / 2 + j];
        valid &= Math.max(low, high) <= format.largestDigit();
        int codes = low - 1 + ZERO | high - 1 + ZERO << 4;
        to.set(ValueLayout.JAVA_BYTE, at + Short.BYTES + j, (byte) codes);
      }
    }
    return valid;
  }
}
