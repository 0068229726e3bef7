package org.bitnetj.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bitnetj.memory.NativeMemory;
import org.junit.jupiter.api.Test;

class RopeTest {
  private static final double THETA = 10_000;

  @Test
  void aHugeContextCostsNothingUntilItIsUsed() {
    try (NativeMemory memory = new NativeMemory()) {
      Rope rope = new Rope(memory, 128, 128, THETA, Rope.Style.HALVES, 1 << 24);
      rope.reach(255);
      assertTrue(memory.allocated() < 1 << 18, () -> memory.allocated() + " bytes");
    }
  }

  @Test
  void grownTablesHoldEveryPosition() {
    try (NativeMemory memory = new NativeMemory()) {
      int positions = 1100; // neither a power of 2 nor a multiple of a step
      Rope rope = new Rope(memory, 8, 6, THETA, Rope.Style.ADJACENT, positions);
      for (int last : new int[] {0, 255, 256, 600, positions - 1}) {
        rope.reach(last);
        for (int p = 0; p <= last; p++) {
          for (int i = 0; i < rope.pairs(); i++) {
            double angle = p * StrictMath.pow(THETA, -2.0 * i / 6);
            assertEquals((float) StrictMath.cos(angle), rope.cosine(p, i));
            assertEquals((float) StrictMath.sin(angle), rope.sine(p, i));
          }
        }
      }
      assertThrows(IndexOutOfBoundsException.class, () -> rope.reach(positions));
    }
  }
}
