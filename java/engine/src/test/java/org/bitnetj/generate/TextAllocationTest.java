package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.Test;

/**
 * What a token of text takes from the Java heap: the string that its listener gets, and now and
 * then more room for the tokens, the text and the table of n-grams, which double.
 */
class TextAllocationTest extends ShippedModelSession {
  private static final int TOKENS = 400;

  /** An object's header and fields, and those of its array, on a 64-bit JVM. */
  private static final int STRING = 24 + 16;

  private static final int LONGEST = 16; // bytes of a token's text

  /** Numbers of 4 bytes in arrays that double: as copied by growing, and what is free. */
  private static final int MOST_GROWTH = 96;

  /** Texts in a row that take no more: one may do so by luck. */
  private static final int TEXTS = 4;

  /** A busy machine takes its time to compile. */
  private static final long MOST_WARM_UP_NANOS = 60_000_000_000L;

  private static final com.sun.management.ThreadMXBean BEAN =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** What this thread had allocated when each token was chosen. */
  private static final class Counts implements GenerationListener {
    private final long[] allocated = new long[TOKENS];
    private int count;
    private int pieces;

    @Override
    public void onToken(int token) {
      allocated[count++] = BEAN.getCurrentThreadAllocatedBytes();
    }

    @Override
    public void onText(String piece) {
      pieces++;
    }
  }

  @Test
  void aTokenTakesItsStringAndItsShareOfGrowingArrays() {
    assumeTrue(Tiers.best().tier().isNative(), "there are no native kernels");
    GenerationOptions options = GREEDY.withMaxTokens(TOKENS).withIgnoreEnd(true);
    long median = Long.MAX_VALUE;
    double mean = Double.MAX_VALUE;
    int texts = 0;
    long deadline = System.nanoTime() + MOST_WARM_UP_NANOS;
    while (texts < TEXTS && System.nanoTime() < deadline) {
      Counts counts = new Counts();
      session.reset();
      session.generate(PROMPT, options, counts);
      assertEquals(TOKENS, counts.count);
      assertTrue(counts.pieces > TOKENS / 2, counts.pieces + " pieces");
      long[] each = new long[TOKENS - 1];
      Arrays.setAll(each, i -> counts.allocated[i + 1] - counts.allocated[i]);
      Arrays.sort(each);
      median = each[each.length / 2];
      mean = Arrays.stream(each).average().orElseThrow();
      boolean few = median <= STRING + LONGEST && mean <= STRING + LONGEST + MOST_GROWTH;
      texts = few ? texts + 1 : 0;
    }
    assertEquals(
        TEXTS,
        texts,
        "texts that take no more in a row; at last %d bytes for most tokens, %.1f a token"
            .formatted(median, mean));
  }
}
