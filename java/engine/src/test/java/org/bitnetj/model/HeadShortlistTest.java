package org.bitnetj.model;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntBinaryOperator;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.TextInSteps;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.Test;

/** What a shortlist leaves are the best logits, to the last bit. */
class HeadShortlistTest {
  private static final int ROWS = 1000; // no whole number of panels
  private static final int COLUMNS = 100;

  private final SplittableRandom random = new SplittableRandom(1);

  private FloatMatrix head(NativeMemory memory, IntBinaryOperator halfOf) {
    MemorySegment data = memory.allocate(2L * ROWS * COLUMNS);
    for (int r = 0; r < ROWS; r++) {
      for (int i = 0; i < COLUMNS; i++) {
        short half = (short) halfOf.applyAsInt(r, i);
        data.setAtIndex(JAVA_SHORT, (long) r * COLUMNS + i, half);
      }
    }
    return new FloatMatrix(data, WeightFormats.F16, ROWS, COLUMNS);
  }

  private static int half(double value) {
    return Float.floatToFloat16((float) value);
  }

  private FloatRows input(NativeMemory memory) {
    FloatRows x = FloatRows.allocate(memory, 1, COLUMNS);
    for (int i = 0; i < COLUMNS; i++) {
      x.set(0, i, (float) random.nextGaussian());
    }
    return x;
  }

  private static HeadShortlist shortlist(
      NativeMemory memory, FloatMatrix head, Kernels kernels, ThreadTeam team) {
    LowBitMatrix lowBit = LowBitMatrix.allocate(memory, head.rows(), head.columns());
    assertTrue(kernels.packLowBit(head, lowBit, 0, lowBit.panelCount()));
    return new HeadShortlist(memory, head, lowBit, kernels, team);
  }

  /** Fails unless the best are there and right, and all others right or missing. */
  private static int check(String what, FloatRows all, FloatRows some, int count) {
    int n = all.columns();
    float[] sorted = new float[n];
    for (int i = 0; i < n; i++) {
      sorted[i] = all.get(0, i);
    }
    Arrays.sort(sorted);
    float least = sorted[n - count];
    int there = 0;
    for (int i = 0; i < n; i++) {
      float logit = some.get(0, i);
      if (all.get(0, i) >= least || logit != Float.NEGATIVE_INFINITY) {
        int expected = Float.floatToRawIntBits(all.get(0, i));
        assertEquals(expected, Float.floatToRawIntBits(logit), what + ", token " + i);
        there++;
      }
    }
    return there;
  }

  @Test
  void theBestAreExactOnEveryTier() {
    for (Kernels kernels : Tiers.available()) {
      try (NativeMemory memory = new NativeMemory();
          ThreadTeam team = new ThreadTeam(2)) {
        FloatMatrix head = head(memory, (r, i) -> half(random.nextDouble() - 0.5));
        HeadShortlist shortlist = shortlist(memory, head, kernels, team);
        FloatRows all = FloatRows.allocate(memory, 1, ROWS);
        FloatRows some = FloatRows.allocate(memory, 1, ROWS);
        for (int count : new int[] {1, 2, 5, 16, 17, 40, 1}) {
          FloatRows x = input(memory);
          kernels.headProduct(head, x, all, 1, 0, ROWS);
          String what = kernels.tier() + ", the best " + count;
          assertTrue(shortlist.compute(x, some, LogitsNeed.best(count)), what);
          int there = check(what, all, some, count);
          assertEquals(there, shortlist.computedRows(), what);
          assertTrue(there >= count && there < ROWS / 8, what + ": " + there);
          assertTrue(shortlist.bytesRead() < head.bytes(), what + ": " + shortlist.bytesRead());
        }
      }
    }
  }

  @Test
  void hostileHeadsAreExactToo() {
    IntBinaryOperator[] heads = {
      (r, i) -> r % 3 == 0 ? 0 : half(random.nextGaussian()), // zero rows
      (r, i) -> half(random.nextBoolean() ? 65504 : -65504),
      (r, i) -> random.nextInt() & 0x83ff, // denormals of float16
      (r, i) -> half(r == 777 ? 9 : 0), // one row alone
      (r, i) -> half(random.nextGaussian() * (i == r % COLUMNS ? 100 : 0.01)),
      (r, i) -> half(i % 10 == r / 40 % 10 ? 1 : 0), // sets of equal rows
      (r, i) -> half(Math.scalb(random.nextGaussian(), random.nextInt(20) - 14))
    };
    int done = 0;
    for (Kernels kernels : Tiers.available()) {
      for (int h = 0; h < heads.length; h++) {
        try (NativeMemory memory = new NativeMemory();
            ThreadTeam team = new ThreadTeam(1)) {
          FloatMatrix head = head(memory, heads[h]);
          HeadShortlist shortlist = shortlist(memory, head, kernels, team);
          FloatRows all = FloatRows.allocate(memory, 1, ROWS);
          FloatRows some = FloatRows.allocate(memory, 1, ROWS);
          for (int count : new int[] {1, 5, 30}) {
            FloatRows x = input(memory);
            kernels.headProduct(head, x, all, 1, 0, ROWS);
            if (shortlist.compute(x, some, LogitsNeed.best(count))) {
              check(kernels.tier() + ", head " + h + ", the best " + count, all, some, count);
              done++;
            }
          }
        }
      }
    }
    assertTrue(done >= 10 * Tiers.available().size(), "only " + done + " shortlists were made");
  }

  @Test
  void whereNothingCanBeRuledOutTheWholeHeadIsAskedFor() {
    try (NativeMemory memory = new NativeMemory();
        ThreadTeam team = new ThreadTeam(1)) {
      Kernels kernels = Tiers.available().getFirst();
      FloatMatrix head = head(memory, (r, i) -> half(0.25)); // every token ties
      HeadShortlist shortlist = shortlist(memory, head, kernels, team);
      FloatRows logits = FloatRows.allocate(memory, 1, ROWS);
      List<Integer> tried = new ArrayList<>();
      for (int row = 0; row < 300; row++) {
        assertFalse(shortlist.compute(input(memory), logits, LogitsNeed.best(1)));
        if (shortlist.bytesRead() > 0) {
          tried.add(row);
        }
      }
      assertEquals(List.of(0, 2, 6, 14, 30, 62, 126, 254), tried, "ever more seldom");
      assertFalse(shortlist.compute(input(memory), logits, LogitsNeed.all()));
      FloatRows zero = FloatRows.allocate(memory, 1, COLUMNS);
      assertFalse(shortlist.compute(zero, logits, LogitsNeed.best(1)));
      assertFalse(shortlist.compute(input(memory), logits, LogitsNeed.best(ROWS)));
      assertEquals(0, shortlist.bytesRead(), "nothing was tried");
    }
  }

  @Test
  void theShippedModelsOwnHiddenStatesGiveExactShortlists() throws Exception {
    for (Kernels kernels : Tiers.available()) {
      try (GgufFile file = GgufFile.open(Golden.MODEL);
          ThreadTeam team = new ThreadTeam(2);
          Weights weights = Weights.load(file, kernels, team, HeadMode.SHORTLIST, false);
          Transformer transformer = new Transformer(weights, kernels, team, 64, 64);
          TextInSteps text = new TextInSteps(transformer, 512)) {
        int rows = weights.spec().vocabulary();
        List<float[]> left = new ArrayList<>();
        for (Golden.Prompt prompt : Golden.prompts().subList(0, 4)) {
          text.table().truncate(0);
          for (int i = 0; i < Math.min(prompt.ids().length, 6); i++) {
            int[] counts = {1, 40, 200};
            FloatRows all = FloatRows.allocate(new NativeMemory(), 1, rows);
            for (int step = -1; step < counts.length; step++) {
              text.table().truncate(i);
              if (step < 0) {
                text.compute(prompt.ids()[i]);
                all.copyRow(transformer.logits(), 0, 0);
                assertEquals(transformer.bytesPerToken(), transformer.reads().bytes());
              } else {
                text.compute(new int[] {prompt.ids()[i]}, 0, LogitsNeed.best(counts[step]));
                String what = kernels.tier() + ", " + prompt + ", the best " + counts[step];
                int there = check(what, all, transformer.logits(), counts[step]);
                if (step == 0) {
                  left.add(new float[] {there});
                }
              }
            }
          }
        }
        // 4096 rows: the shortlist must be one.
        assertTrue(left.stream().mapToDouble(a -> a[0]).average().orElseThrow() < 512);
      }
    }
  }
}
