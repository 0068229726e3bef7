package org.bitnetj.model.screening;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntBinaryOperator;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.memory.ThreadMemory;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.TextInSteps;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.Test;

/** What screening leaves are the best logits of each row, to the last bit. */
class CandidateScreeningTest {
  private static final int TOKENS = 1000; // no whole number of panels
  private static final int COLUMNS = 100;

  private final SplittableRandom random = new SplittableRandom(1);

  /** A head with its low-bit copy, and rows to be multiplied by it. */
  private final class Case implements AutoCloseable {
    private final NativeMemory memory = new NativeMemory();
    private final ThreadTeam team;
    private final FloatRows all;
    private final FloatRows some;
    private final FloatMatrix head;
    private final FloatRows input;
    private final ComputedLogits[] computed;
    private final CandidateScreening screening;
    private final Kernels kernels;

    Case(Kernels kernels, int threads, int rows, IntBinaryOperator halfOf) {
      this.kernels = kernels;
      this.team = new ThreadTeam(threads);
      MemorySegment data = memory.allocate(2L * TOKENS * COLUMNS);
      for (int r = 0; r < TOKENS; r++) {
        for (int i = 0; i < COLUMNS; i++) {
          short half = (short) halfOf.applyAsInt(r, i);
          data.setAtIndex(JAVA_SHORT, (long) r * COLUMNS + i, half);
        }
      }
      head = new FloatMatrix(data, WeightFormats.F16, TOKENS, COLUMNS);
      LowBitMatrix lowBit = LowBitMatrix.allocate(memory, TOKENS, COLUMNS);
      assertTrue(kernels.packLowBit(head, lowBit, 0, lowBit.panelCount()));
      input = FloatRows.allocate(memory, rows, COLUMNS);
      all = FloatRows.allocate(memory, rows, TOKENS);
      some = FloatRows.allocate(memory, rows, TOKENS);
      computed = new ComputedLogits[rows];
      Arrays.setAll(computed, i -> new ComputedLogits());
      ThreadMemory own = new ThreadMemory(memory, threads, CandidateScreening.ownBytes(lowBit));
      screening = new CandidateScreening(memory, own, head, lowBit, kernels, team, input, some);
    }

    /** Screens other rows. */
    void run(LogitsNeed... needs) {
      fill(needs.length);
      screen(needs);
    }

    /** Other rows. */
    void fill(int rows) {
      for (int t = 0; t < rows; t++) {
        for (int i = 0; i < COLUMNS; i++) {
          input.set(t, i, (float) random.nextGaussian());
        }
      }
    }

    /** Screens rows that have the same needs. */
    void screen(LogitsNeed need, int rows) {
      LogitsNeed[] needs = new LogitsNeed[rows];
      Arrays.fill(needs, need);
      screen(needs);
    }

    private void screen(LogitsNeed[] needs) {
      kernels.headProduct(head, input, all, needs.length, 0, TOKENS);
      screening.run(needs, needs.length, computed);
    }

    boolean isDone(int row) {
      return !computed[row].areAll();
    }

    /** Fails unless a screened row's best are there and right; returns how many logits it has. */
    int check(String what, int row, int count) {
      return CandidateScreeningTest.check(what, all, some, computed[row], row, count);
    }

    @Override
    public void close() {
      team.close();
      memory.close();
    }
  }

  /**
   * Some hundred times slower than others; how threads share a step is not its own code. The vector
   * tier screens by the definition.
   */
  private static boolean isSlow(Kernels kernels) {
    return switch (kernels.tier()) {
      case SCALAR, VECTOR, C -> true;
      default -> false;
    };
  }

  private static int half(double value) {
    return Float.floatToFloat16((float) value);
  }

  private int uniform() {
    return half(random.nextDouble() - 0.5);
  }

  /** Fails unless the best are there and right, and so are the others that are there. */
  private static int check(
      String what, FloatRows all, FloatRows some, ComputedLogits computed, int row, int count) {
    int n = all.columns();
    float[] sorted = new float[n];
    for (int i = 0; i < n; i++) {
      sorted[i] = all.get(row, i);
    }
    Arrays.sort(sorted);
    float least = sorted[n - count];
    int there = 0;
    for (int i = 0; i < n; i++) {
      boolean listed = computed.areAll() || there < computed.count() && computed.token(there) == i;
      assertTrue(listed || all.get(row, i) < least, what + ", token " + i + " is missing");
      if (listed) {
        int expected = Float.floatToRawIntBits(all.get(row, i));
        assertEquals(expected, Float.floatToRawIntBits(some.get(row, i)), what + ", token " + i);
        there++;
      }
    }
    assertEquals(computed.areAll() ? n : computed.count(), there, what + ", in rising order");
    return there;
  }

  @Test
  void theBestAreExactOnEveryTier() {
    for (Kernels kernels : Tiers.available()) {
      try (Case one = new Case(kernels, 2, 1, (r, i) -> uniform())) {
        for (int count : new int[] {1, 2, 5, 16, 17, 40, 1}) {
          one.run(LogitsNeed.best(count));
          String what = kernels.tier() + ", the best " + count;
          assertTrue(one.isDone(0), what);
          int there = one.check(what, 0, count);
          assertEquals(there, one.screening.candidates(), what);
          assertTrue(there >= count && there < TOKENS / 8, what + ": " + there);
          long bytes = one.screening.bytesRead();
          assertTrue(bytes < one.head.bytes(), what + ": " + bytes);
        }
      }
    }
  }

  /** More rows than are screened together, too, and among them rows that need all logits. */
  @Test
  void everyRowOfAStepHasItsOwnBest() {
    int most = CandidateScreening.MOST_ROWS + 5;
    for (Kernels kernels : Tiers.available()) {
      for (int threads = 1; threads <= (isSlow(kernels) ? 1 : 3); threads++) {
        try (Case some = new Case(kernels, threads, most, (r, i) -> uniform())) {
          for (int rows = 1; rows <= most; rows++) {
            int[] counts = new int[rows];
            LogitsNeed[] needs = new LogitsNeed[rows];
            for (int t = 0; t < rows; t++) {
              counts[t] = random.nextInt(3) == 0 ? 1 + random.nextInt(40) : 1;
              boolean all = random.nextInt(5) == 0;
              counts[t] = all ? 0 : counts[t];
              needs[t] = all ? LogitsNeed.all() : LogitsNeed.best(counts[t]);
            }
            some.run(needs);
            for (int t = 0; t < rows; t++) {
              String what = "%s, row %d of %d, the best %d";
              what = what.formatted(kernels.tier(), t, rows, counts[t]);
              assertEquals(counts[t] > 0, some.isDone(t), what);
              if (counts[t] > 0) {
                int there = some.check(what, t, counts[t]);
                assertTrue(there < TOKENS / 8, what + ": " + there);
              }
            }
          }
        }
      }
    }
  }

  /** The best kernels, which note for each row of activations whether it is rounded. */
  private static Kernels noting(List<List<Boolean>> rounded) {
    Kernels kernels = Tiers.best();
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("boundLogits")) {
                Activation16[] x = Arrays.copyOf((Activation16[]) arguments[1], (int) arguments[3]);
                rounded.add(Arrays.stream(x).map(Activation16::isLowZero).toList());
              }
              return method.invoke(kernels, arguments);
            });
  }

  @Test
  void rowsThatAreScreenedTogetherDecideWhetherTheyAreRounded() {
    List<List<Boolean>> rounded = new ArrayList<>();
    int most = CandidateScreening.MOST_ROWS;
    try (Case many = new Case(noting(rounded), 1, most + 4, (r, i) -> uniform())) {
      for (int rows = 1; rows <= most + 4; rows++) {
        for (int all = 0; all <= Math.min(rows, 5); all++) {
          LogitsNeed[] needs = new LogitsNeed[rows];
          Arrays.fill(needs, LogitsNeed.best(1));
          Arrays.fill(needs, 0, all, LogitsNeed.all());
          rounded.clear();
          many.run(needs);
          List<List<Boolean>> expected = new ArrayList<>();
          for (int left = rows - all; left > 0; left -= most) {
            int together = Math.min(left, most);
            expected.add(Collections.nCopies(together, together >= 3));
          }
          assertEquals(expected, rounded, rows + " rows, " + all + " of which need all logits");
        }
      }
    }
  }

  @Test
  void anOutlierKeepsTheLowBytesOfItsOwnRowAlone() {
    List<List<Boolean>> rounded = new ArrayList<>();
    try (Case five = new Case(noting(rounded), 1, 5, (r, i) -> uniform())) {
      for (int row : new int[] {0, 3}) {
        five.fill(5);
        five.input.set(row, 7, 1000);
        rounded.clear();
        five.screen(LogitsNeed.best(1), 5);
        assertEquals(List.of(List.of(true, true, true, true, false)), rounded);
        for (int t = 0; t < 5; t++) {
          assertTrue(five.isDone(t));
          five.check("outlier in row " + row + ", row " + t, t, 1);
        }
      }
    }
  }

  /** Rows that are rounded, rows that are not and rows that are not screened, in any order. */
  @Test
  void mixedRowsAreExactOnEveryTier() {
    for (Kernels kernels : Tiers.available()) {
      try (Case some = new Case(kernels, 1, 16, (r, i) -> uniform())) {
        for (int round = 0; round < (isSlow(kernels) ? 3 : 30); round++) {
          int rows = 3 + random.nextInt(14);
          boolean[] isZero = new boolean[rows];
          some.fill(rows);
          for (int t = 0; t < rows; t++) {
            isZero[t] = random.nextInt(8) == 0;
            if (random.nextInt(3) == 0) {
              some.input.set(t, random.nextInt(COLUMNS), 300);
            }
            for (int i = 0; isZero[t] && i < COLUMNS; i++) {
              some.input.set(t, i, 0);
            }
          }
          some.screen(LogitsNeed.best(3), rows);
          for (int t = 0; t < rows; t++) {
            String what = "%s, round %d, row %d".formatted(kernels.tier(), round, t);
            assertEquals(!isZero[t], some.isDone(t), what);
            if (!isZero[t]) {
              some.check(what, t, 3);
            }
          }
        }
      }
    }
  }

  /** Bounds of large rows are wide: their logits are the largest though bounds do not show it. */
  @Test
  void rowsOfUnevenNormsAreScreenedToo() {
    double[] norms = random.doubles(TOKENS).map(u -> Math.exp(3 * (u - 0.5))).toArray();
    for (Kernels kernels : Tiers.available()) {
      int rows = isSlow(kernels) ? 2 : 6;
      try (Case uneven =
          new Case(kernels, 2, rows, (r, i) -> half(norms[r] * random.nextGaussian()))) {
        LogitsNeed[] needs = new LogitsNeed[rows];
        for (int count : new int[] {1, 30}) {
          Arrays.fill(needs, LogitsNeed.best(count));
          uneven.run(needs);
          for (int t = 0; t < rows; t++) {
            String what = kernels.tier() + ", row " + t + ", the best " + count;
            assertTrue(uneven.isDone(t), what);
            int there = uneven.check(what, t, count);
            assertTrue(there <= 10 + 3 * count, what + ": " + there);
          }
        }
      }
    }
  }

  /** A need that may be met by the logits near the best, and looks at what there is. */
  private static final class NearTheBest implements LogitsNeed {
    private final int count;
    private final float reach;
    private final boolean met;
    private float least = Float.NaN; // as it was told
    private int known; // of the logits it was shown

    NearTheBest(int count, float reach, boolean met) {
      this.count = count;
      this.reach = reach;
      this.met = met;
    }

    @Override
    public boolean isAll() {
      return false;
    }

    @Override
    public int count(int rows) {
      return count;
    }

    @Override
    public int tokens() {
      return 1;
    }

    @Override
    public int token(int i) {
      return 7;
    }

    @Override
    public float reach() {
      return reach;
    }

    @Override
    public boolean isMet(FloatRows logits, int row, ComputedLogits computed, float least) {
      this.least = least;
      known = computed.count();
      assertTrue(computed.before(8) > computed.before(7), "the needed token is there");
      return met;
    }
  }

  @Test
  void aNeedThatIsNotMetByTheLogitsNearTheBestGetsAllOfTheBest() {
    for (Kernels kernels : Tiers.available()) {
      int most = isSlow(kernels) ? 3 : CandidateScreening.MOST_ROWS;
      try (Case some = new Case(kernels, 2, most, (r, i) -> uniform())) {
        for (int rows = 1; rows <= most; rows++) {
          NearTheBest[] needs = new NearTheBest[rows];
          Arrays.setAll(
              needs, t -> new NearTheBest(30, random.nextFloat() / 2, random.nextBoolean()));
          some.run(needs);
          for (int t = 0; t < rows; t++) {
            NearTheBest need = needs[t];
            String what = "%s, row %d of %d, %s".formatted(kernels.tier(), t, rows, need.met);
            int above = 0; // what it was told
            float largest = Float.NEGATIVE_INFINITY;
            for (int i = 0; i < TOKENS; i++) {
              above += some.all.get(t, i) >= need.least ? 1 : 0;
              largest = Math.max(largest, some.all.get(t, i));
            }
            assertTrue(need.least <= largest, what + ": " + need.least);
            assertTrue(need.least >= largest - 3, what + ": " + need.least);
            int there = some.check(what, t, need.met ? above : 30);
            assertTrue(need.known < 30, what + ": " + need.known);
            assertTrue(need.met ? there == need.known : there > need.known, what + ": " + there);
          }
        }
      }
    }
  }

  /** A row that is left to the whole head does not keep the others from being screened. */
  @Test
  void aRowForWhichItDoesNotPayIsLeftAlone() {
    try (Case two = new Case(Tiers.best(), 1, 3, (r, i) -> uniform())) {
      two.run(LogitsNeed.best(1), LogitsNeed.best(TOKENS), LogitsNeed.best(3));
      assertTrue(two.isDone(0) && !two.isDone(1) && two.isDone(2));
      two.check("first", 0, 1);
      two.check("last", 2, 3);
      assertEquals(0f, two.some.get(1, 0), "the other row's logits are untouched");
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
        try (Case three = new Case(kernels, 1, 3, heads[h])) {
          int[] counts = {1, 5, 30};
          three.run(LogitsNeed.best(1), LogitsNeed.best(5), LogitsNeed.best(30));
          for (int t = 0; t < counts.length; t++) {
            if (three.isDone(t)) {
              String what = kernels.tier() + ", head " + h + ", the best " + counts[t];
              three.check(what, t, counts[t]);
              done++;
            }
          }
        }
      }
    }
    assertTrue(done >= 10 * Tiers.available().size(), "only " + done + " rows were screened");
  }

  @Test
  void whereNothingCanBeRuledOutTheWholeHeadIsAskedFor() {
    try (Case one = new Case(Tiers.available().getFirst(), 1, 1, (r, i) -> half(0.25))) { // ties
      List<Integer> tried = new ArrayList<>();
      for (int row = 0; row < 300; row++) {
        one.run(LogitsNeed.best(1));
        assertFalse(one.isDone(0));
        if (one.screening.bytesRead() > 0) {
          tried.add(row);
        }
      }
      assertEquals(List.of(0, 2, 6, 14, 30, 62, 126, 254), tried, "ever more seldom");
      one.run(LogitsNeed.all());
      assertFalse(one.isDone(0));
      one.run(LogitsNeed.best(TOKENS));
      assertFalse(one.isDone(0));
      assertEquals(0, one.screening.bytesRead(), "nothing was tried");
    }
  }

  @Test
  void aRowOfZerosIsLeftToTheWholeHead() {
    try (Case one = new Case(Tiers.available().getFirst(), 1, 1, (r, i) -> uniform())) {
      one.screening.run(new LogitsNeed[] {LogitsNeed.best(1)}, 1, one.computed);
      assertFalse(one.isDone(0));
      assertEquals(0, one.screening.bytesRead(), "nothing was tried");
    }
  }

  @Test
  void theShippedModelsOwnHiddenStatesHaveFewCandidates() throws Exception {
    for (Kernels kernels : Tiers.available()) {
      try (GgufFile file = GgufFile.open(Golden.MODEL);
          ThreadTeam team = new ThreadTeam(2);
          Weights weights = Weights.load(file, kernels, team, HeadMode.SCREENED, false);
          Transformer transformer = new Transformer(weights, kernels, team, 64, 64);
          TextInSteps text = new TextInSteps(transformer, 512)) {
        int rows = weights.spec().vocabulary();
        List<float[]> left = new ArrayList<>();
        for (Golden.Prompt prompt : Golden.prompts().subList(0, isSlow(kernels) ? 1 : 4)) {
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
                int there =
                    check(
                        what, all, transformer.logits(), transformer.computed(0), 0, counts[step]);
                if (step == 0) {
                  left.add(new float[] {there});
                }
              }
            }
          }
        }
        // Of 4096 tokens.
        assertTrue(left.stream().mapToDouble(a -> a[0]).average().orElseThrow() < 512);
      }
    }
  }
}
