package org.bitnetj.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.option.I2sLayout;

/** Matrices of I2_S in every layout, weight by weight into the two bits where the layout has it. */
public final class I2sMatrix {
  private I2sMatrix() {}

  /**
   * @param digits 0 to 2, by rows and columns
   */
  public static MemorySegment bytes(I2sLayout layout, byte[][] digits, float scale) {
    int columns = digits[0].length;
    byte[] bytes = new byte[digits.length * columns / 4];
    for (int row = 0; row < digits.length; row++) {
      for (int c = 0; c < columns; c++) {
        int flat = row * columns + c;
        int run = layout == I2sLayout.ARM ? 16 : 32;
        boolean byRows = layout == I2sLayout.ROWS4;
        int at = byRows ? row / 4 * columns + c : flat / (4 * run) * run + flat % run;
        int place = byRows ? row % 4 : flat / run % 4;
        bytes[at] |= (byte) (digits[row][c] << 2 * (3 - place));
      }
    }
    MemorySegment all = Arena.ofAuto().allocate(bytes.length + 32, 64);
    MemorySegment.copy(bytes, 0, all, ValueLayout.JAVA_BYTE, 0, bytes.length);
    all.set(ValueLayout.JAVA_FLOAT, bytes.length, scale);
    return all;
  }
}
