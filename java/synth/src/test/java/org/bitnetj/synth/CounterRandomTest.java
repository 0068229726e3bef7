package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CounterRandomTest {
  @Test
  void wordsAreThoseOfSplitMix64() {
    long key = 0x0123456789ABCDEFL;
    SplittableRandom sequence = new SplittableRandom(key);
    CounterRandom random = new CounterRandom(key);
    for (int n = 0; n < 100; n++) {
      assertEquals(sequence.nextLong(), random.word(n), "word " + n);
    }
  }

  @Test
  void streamsAndSeedsDiffer() {
    assertNotEquals(CounterRandom.of(1, 0), CounterRandom.of(1, 1));
    assertNotEquals(CounterRandom.of(1, 0), CounterRandom.of(2, 0));
    assertNotEquals(CounterRandom.of(1, 1), CounterRandom.of(2, 0));
  }
}
