package org.bitnetj.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
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
  void divisorsSlowTheirPairs() {
    try (NativeMemory memory = new NativeMemory()) {
      float[] divisors = {1, 2, 8};
      Rope rope = new Rope(memory, 6, 6, THETA, divisors, RopeScaling.NONE, Rope.Style.HALVES, 100);
      rope.reach(99);
      for (int pair = 0; pair < 3; pair++) {
        double angle = 99 * StrictMath.pow(THETA, -2.0 * pair / 6) / divisors[pair];
        assertEquals((float) StrictMath.cos(angle), rope.cosine(99, pair), "pair " + pair);
        assertEquals((float) StrictMath.sin(angle), rope.sine(99, pair), "pair " + pair);
      }
    }
  }

  /** Where the sine is about half way between two floats, so that its last bits decide. */
  @Test
  void valuesBetweenTwoFloatsRoundAsThoseOfStrictMathDo() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 100_000; i++) {
      float below = (float) random.nextDouble(0.01, 1);
      double angle = StrictMath.asin((below + (double) Math.nextUp(below)) / 2);
      for (double at : new double[] {Math.nextDown(angle), angle, Math.nextUp(angle)}) {
        assertEquals((float) StrictMath.sin(at), Rope.sine(at, 1), () -> "sine of " + at);
        double turned = Math.PI / 2 - at;
        assertEquals((float) StrictMath.cos(turned), Rope.cosine(turned, 1), () -> "of " + turned);
      }
    }
  }

  @Test
  void anglesOfEveryMagnitudeHaveTheValuesOfStrictMath() {
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < 1_000_000; i++) {
      double angle = random.nextDouble(1, 2) * StrictMath.scalb(1.0, random.nextInt(-60, 40));
      assertEquals((float) StrictMath.sin(angle), Rope.sine(angle, 1), () -> "sine of " + angle);
      assertEquals(
          (float) StrictMath.cos(angle), Rope.cosine(angle, 1), () -> "cosine of " + angle);
    }
    for (double angle : new double[] {0, Math.PI, 2 * Math.PI, 1e300, Double.NaN}) {
      assertEquals((float) StrictMath.sin(angle), Rope.sine(angle, 1));
      assertEquals((float) StrictMath.cos(angle), Rope.cosine(angle, 1));
    }
  }

  @Test
  void aTableWithRoomIsFilledWithoutTheHeap() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = -1;
    for (int attempt = 0; allocated != 0 && attempt < 50; attempt++) { // until it is compiled
      try (NativeMemory memory = new NativeMemory()) {
        Rope rope = new Rope(memory, 64, 64, THETA, Rope.Style.HALVES, 1 << 16);
        rope.reach(1 << 13);
        long before = threads.getCurrentThreadAllocatedBytes();
        rope.reach((1 << 14) - 1);
        allocated = threads.getCurrentThreadAllocatedBytes() - before;
      }
    }
    assertEquals(0, allocated, "bytes, at last");
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
