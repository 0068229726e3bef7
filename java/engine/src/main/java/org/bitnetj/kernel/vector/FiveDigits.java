package org.bitnetj.kernel.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.tensor.TernaryMatrix;

/** Panels of five digits a byte become two-bit ones, a few at a time, which are multiplied. */
final class FiveDigits {
  /** Panels at a time. */
  static final int PANELS = 4;

  private static final int BLOCK_BYTES = 64;

  /** Blocks of 20 columns that become as many columns of whole blocks of 16: four and five. */
  private static final int TOGETHER = 4;

  private static final int MADE = 5;

  /** Of each byte its digits, two bits each, the first one lowest. */
  private static final short[] FIELDS = fields();

  private FiveDigits() {}

  private static short[] fields() {
    PanelLayout layout = PanelLayout.FIVE_DIGITS;
    MemorySegment block = Arena.ofAuto().allocate(BLOCK_BYTES);
    short[] fields = new short[256];
    for (int value = 0; value < 256; value++) {
      block.set(JAVA_BYTE, 0, (byte) value);
      for (int f = 0; f < MADE; f++) {
        fields[value] |= (short) (layout.digit(block, layout.blockColumns(), 0, 4 * f) << 2 * f);
      }
    }
    return fields;
  }

  /** Makes panels {@code [begin, end)} and has them multiplied. */
  static void repack(TernaryMatrix w, int begin, int end, Scratch s) {
    int blocks = (int) (w.panelBytes() / BLOCK_BYTES);
    int made = TernaryProduct.blocks(w);
    long each = (long) made * BLOCK_BYTES;
    MemorySegment to = s.use(begin, PANELS * each, each);
    for (int panel = begin; panel < end; panel++) {
      repack(w.panels(), panel * w.panelBytes(), blocks, to, (panel - begin) * each, made);
    }
  }

  /** A panel; columns that only pad are zeros. */
  private static void repack(
      MemorySegment from, long at, int blocks, MemorySegment to, long start, int made) {
    for (int b = 0, m = 0; m < made; b += TOGETHER, m += MADE) {
      int in = Math.min(TOGETHER, blocks - b);
      int out = Math.min(MADE, made - m);
      for (int i = 0; i < BLOCK_BYTES; i++) {
        long fields = 0;
        for (int k = 0; k < in; k++) {
          int value = from.get(JAVA_BYTE, at + (long) (b + k) * BLOCK_BYTES + i) & 0xff;
          fields |= (long) FIELDS[value] << 10 * k;
        }
        for (int k = 0; k < out; k++) {
          to.set(JAVA_BYTE, start + (long) (m + k) * BLOCK_BYTES + i, (byte) (fields >>> 8 * k));
        }
      }
    }
  }
}
