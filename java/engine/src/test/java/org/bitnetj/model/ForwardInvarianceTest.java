package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kv.BlockTable;
import org.bitnetj.model.screening.ComputedLogits;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.TextInSteps;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same tokens give the same bits, however a step is computed and whatever is in its batch. */
class ForwardInvarianceTest {
  /** Longer than one chunk of attention, shorter than the model's context. */
  private static final int LENGTH = 300;

  private static final int[] TOKENS = new Random(7).ints(LENGTH, 0, 4096).toArray();

  @ParameterizedTest
  @EnumSource(AttentionLayer.Type.class)
  void tiersThreadsAndPrefillChunksDoNotChangeABit(AttentionLayer.Type type) throws Exception {
    int[] expected = null;
    String first = null;
    for (Kernels kernels : Tiers.available()) {
      int[][] settings =
          switch (kernels.tier()) {
            // Some hundred times slower; threads and chunks are not their own code.
            case SCALAR, C -> new int[][] {{2, 512}};
            case VECTOR -> new int[][] {{2, 512}, {3, 7}};
            default -> new int[][] {{2, 512}, {1, 64}, {3, 7}, {2, 1}};
          };
      for (int[] setting : settings) {
        String name = kernels.tier() + ", " + setting[0] + " threads, chunks of " + setting[1];
        try (Model model = new Model(kernels, setting[0], setting[1]);
            TextInSteps text = new TextInSteps(model.transformer, type, 512)) {
          int[] bits = model.prefill(text, TOKENS, setting[1]);
          if (expected == null) {
            expected = bits;
            first = name;
          }
          assertArrayEquals(expected, bits, name + " against " + first);
        }
      }
    }
  }

  /** Every tier that can, with any number of threads, against itself without. */
  @Test
  void leavingOutWhatIsMultipliedByZeroDoesNotChangeABit() throws Exception {
    int[] tokens = Arrays.copyOf(TOKENS, 8);
    for (Kernels kernels : Tiers.available()) {
      List<int[]> expected = stepByStep(kernels, 2, false, tokens);
      for (int threads = 1; threads <= (kernels.gainsBySkipping() ? 4 : 1); threads++) {
        List<int[]> actual = stepByStep(kernels, threads, true, tokens);
        for (int t = 0; t < tokens.length; t++) {
          assertArrayEquals(
              expected.get(t),
              actual.get(t),
              kernels.tier() + ", " + threads + " threads, token " + t);
        }
      }
    }
  }

  private static List<int[]> stepByStep(Kernels kernels, int threads, boolean sparse, int[] tokens)
      throws Exception {
    List<int[]> bits = new ArrayList<>();
    try (Model model = new Model(kernels, threads, 1, sparse);
        TextInSteps text = new TextInSteps(model.transformer, 16)) {
      for (int token : tokens) {
        bits.add(model.prefill(text, new int[] {token}, 1));
        WeightReads reads = model.transformer.reads();
        if (sparse && kernels.gainsBySkipping()) {
          double active = reads.activeRows().orElseThrow();
          double nonzero = reads.nonzeroUnits().orElseThrow();
          assertTrue(active > 0.05 && active < 0.5, "active rows: " + active);
          assertTrue(nonzero > 0.01 && nonzero < active, "units that are not 0: " + nonzero);
          assertTrue(reads.bytes() < model.transformer.bytesPerToken());
        } else {
          assertTrue(reads.activeRows().isEmpty() && reads.nonzeroUnits().isEmpty());
          assertEquals(model.transformer.bytesPerToken(), reads.bytes());
        }
      }
    }
    return bits;
  }

  @Test
  void otherSequencesInTheBatchDoNotChangeABit() throws Exception {
    for (Kernels kernels : Tiers.available()) {
      try (Model model = new Model(kernels, 2, 512)) {
        List<int[]> texts = new ArrayList<>();
        List<int[]> alone = new ArrayList<>();
        Random random = new Random(11);
        for (int length : new int[] {1, 5, 17, 40}) {
          int[] text = random.ints(length, 0, 4096).toArray();
          texts.add(text);
          try (TextInSteps lone = new TextInSteps(model.transformer, 128)) {
            alone.add(model.prefill(lone, text, 512));
          }
        }
        try (TextInSteps first = new TextInSteps(model.transformer, 128)) {
          Step step = model.transformer.step();
          step.clear();
          for (int[] text : texts) {
            BlockTable table = first.pool().newTable(128);
            step.add(table, text, 0, text.length, text.length - 1, LogitsNeed.all());
          }
          model.transformer.forward();
          for (int i = 0; i < texts.size(); i++) {
            assertArrayEquals(alone.get(i), model.bits(i), kernels.tier() + ", sequence " + i);
          }
        }
      }
    }
  }

  /**
   * Greedy choice, top-k and all logits, by every kind of head, with weights left out and not. The
   * texts alone have the same bits by any kernels and threads, and so are computed once.
   */
  @Test
  void sequencesDecodedTogetherHaveTheBitsTheyHaveAlone() throws Exception {
    int most = 16;
    List<float[]> alone = new ArrayList<>();
    try (Model dense = new Model(Tiers.best(), 2, 1, false);
        TextInSteps lone = new TextInSteps(dense.transformer, 128)) {
      for (int i = 0; i < most; i++) {
        lone.table().truncate(0);
        for (int position = 0; position < 3; position++) {
          lone.compute(TOKENS[3 * i + position]);
        }
        alone.add(dense.transformer.logits().row(0).toArray(ValueLayout.JAVA_FLOAT));
      }
    }
    for (Kernels kernels : Tiers.available()) {
      // The vector tier screens by the definition.
      boolean slow =
          switch (kernels.tier()) {
            case SCALAR, VECTOR, C -> true;
            default -> false;
          };
      for (int threads = 1; threads <= (slow ? 1 : 3); threads++) {
        try (Model model = new Model(kernels, threads, most, most, HeadMode.SCREENED, true);
            TextInSteps text = new TextInSteps(model.transformer, 128)) {
          // More threads than processors take turns, which is slow.
          for (int count = most; count >= 1; count = slow ? count / 4 : count - threads) {
            decodeTogether(model, text, alone, count);
          }
        }
      }
    }
  }

  private static void decodeTogether(
      Model model, TextInSteps text, List<float[]> alone, int count) {
    LogitsNeed[] needs = {LogitsNeed.best(1), LogitsNeed.best(40), LogitsNeed.all()};
    Step step = model.transformer.step();
    List<BlockTable> tables = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      tables.add(text.pool().newTable(128));
    }
    for (int position = 0; position < 3; position++) {
      step.clear();
      for (int i = 0; i < count; i++) {
        int[] ids = {TOKENS[3 * i + position]};
        step.add(tables.get(i), ids, 0, 1, 0, needs[(i + count) % 3]);
      }
      model.transformer.forward();
      step.commit();
    }
    for (int i = 0; i < count; i++) {
      int best = (i + count) % 3 == 0 ? 1 : (i + count) % 3 == 1 ? 40 : 4096;
      String what = "%s, sequence %d of %d".formatted(model.name, i, count);
      sameBest(what, alone.get(i), model.transformer, i, best);
      tables.get(i).truncate(0);
    }
  }

  /** All logits and a row of the step's, which may lack others than the best. */
  private static void sameBest(
      String what, float[] all, Transformer transformer, int row, int best) {
    ComputedLogits computed = transformer.computed(row);
    int listed = 0;
    float[] sorted = all.clone();
    Arrays.sort(sorted);
    float least = sorted[sorted.length - best];
    for (int token = 0; token < sorted.length; token++) {
      float expected = all[token];
      float actual = transformer.logits().get(row, token);
      boolean there = computed.areAll();
      if (!there && listed < computed.count() && computed.token(listed) == token) {
        listed++;
        there = true;
      }
      assertTrue(there || expected < least, () -> what + ", best " + best);
      if (there) {
        assertEquals(
            Float.floatToRawIntBits(expected),
            Float.floatToRawIntBits(actual),
            () -> what + ", best " + best);
      }
    }
  }

  @Test
  void whichRowsWantLogitsDoesNotChangeABit() throws Exception {
    int[] ids = {4094, 50, 60, 70};
    for (Kernels kernels : Tiers.available()) {
      try (Model model = new Model(kernels, 2, 64);
          TextInSteps text = new TextInSteps(model.transformer, 64)) {
        text.compute(ids, 0, LogitsNeed.all());
        int[][] all = new int[ids.length][];
        for (int row = 0; row < ids.length; row++) {
          all[row] = model.bits(row);
        }
        for (int from = 1; from < ids.length; from++) {
          text.table().truncate(0);
          text.compute(ids, from, LogitsNeed.all());
          for (int row = from; row < ids.length; row++) {
            assertArrayEquals(all[row], model.bits(row - from), kernels.tier() + ", from " + from);
          }
        }
      }
    }
  }

  @Test
  void aCutSequenceContinuesAsIfNothingHadFollowed() throws Exception {
    try (Model model = new Model(Tiers.best(), 2, 64);
        TextInSteps text = new TextInSteps(model.transformer, 128);
        TextInSteps fresh = new TextInSteps(model.transformer, 128)) {
      int[] head = {4094, 5, 6, 7};
      int[] tail = {90, 91, 92};
      model.prefill(text, head, 64);
      model.prefill(text, new int[] {1, 2, 3, 4, 5}, 64);
      text.table().truncate(head.length);
      int[] bits = model.prefill(text, tail, 64);
      model.prefill(fresh, head, 64);
      assertArrayEquals(model.prefill(fresh, tail, 64), bits);
    }
  }

  @Test
  void aPrefixOfAnotherSequenceContinuesAsIfComputed() throws Exception {
    int[] other = TOKENS.clone();
    other[270] ^= 1;
    try (Model model = new Model(Tiers.best(), 2, 64);
        TextInSteps text = new TextInSteps(model.transformer, 512);
        TextInSteps fresh = new TextInSteps(model.transformer, 512)) {
      model.prefill(text, TOKENS, 64);
      BlockTable sharing = text.pool().newTable(512);
      assertEquals(270, sharing.adopt(other, LENGTH - 1));
      Step step = model.transformer.step();
      step.clear();
      step.add(sharing, other, 270, LENGTH, LENGTH - 1, LogitsNeed.all());
      model.transformer.forward();
      int[] bits = model.bits(0);
      assertArrayEquals(model.prefill(fresh, other, 64), bits);
    }
  }

  @Test
  void aFullContextIsRefusedBeforeAnythingChanges() throws Exception {
    try (Model model = new Model(Tiers.best(), 1, 64);
        TextInSteps text = new TextInSteps(model.transformer, 8)) {
      model.prefill(text, new int[] {4094, 1, 2, 3, 4, 5, 6, 7}, 64);
      ContextOverflowException e =
          assertThrows(ContextOverflowException.class, () -> text.compute(8));
      assertTrue(e.getMessage().contains("context of 8"), e.getMessage());
      assertEquals(8, text.length());
    }
  }

  @Test
  void rowsThatDoNotFitAreRefused() throws Exception {
    try (Model model = new Model(Tiers.best(), 1, 64);
        TextInSteps text = new TextInSteps(model.transformer, 128);
        TextInSteps elsewhere = new TextInSteps(model.transformer, 128)) {
      assertThrows(IllegalArgumentException.class, () -> text.compute(4096));
      assertThrows(IllegalArgumentException.class, () -> text.compute(-1));
      assertThrows(IllegalArgumentException.class, () -> text.compute(new int[65]));
      assertThrows(
          IllegalArgumentException.class, () -> text.compute(new int[5], 0, LogitsNeed.all()));
      Step step = model.transformer.step();
      step.clear();
      step.add(text.table(), new int[1], 0, 1, 1, LogitsNeed.all());
      assertFalse(step.accepts(text.table()), "one sequence twice");
      assertFalse(step.accepts(elsewhere.table()), "another cache");
      assertEquals(0, text.length());
    }
  }

  /** The shipped model on given kernels and threads. */
  private static final class Model implements AutoCloseable {
    private final String name;
    private final GgufFile file;
    private final ThreadTeam team;
    private final Weights weights;
    private final Transformer transformer;

    Model(Kernels kernels, int threads, int chunk) throws Exception {
      this(kernels, threads, chunk, true);
    }

    Model(Kernels kernels, int threads, int chunk, boolean sparse) throws Exception {
      this(kernels, threads, chunk, 4, HeadMode.FULL, sparse);
    }

    Model(
        Kernels kernels, int threads, int chunk, int logitsCapacity, HeadMode head, boolean sparse)
        throws Exception {
      file = GgufFile.open(Golden.MODEL);
      team = new ThreadTeam(threads);
      weights = Weights.load(file, kernels, team, head, sparse);
      transformer = new Transformer(weights, kernels, team, chunk, logitsCapacity);
      name = kernels.tier() + ", " + threads + " threads";
    }

    /** Feeds tokens in chunks; the bits of the last one's logits. */
    int[] prefill(TextInSteps text, int[] tokens, int chunk) {
      for (int i = 0; i < tokens.length; i += chunk) {
        text.compute(Arrays.copyOfRange(tokens, i, Math.min(i + chunk, tokens.length)));
      }
      return bits(0);
    }

    int[] bits(int row) {
      return transformer.logits().row(row).toArray(ValueLayout.JAVA_INT);
    }

    @Override
    public void close() {
      transformer.close();
      weights.close();
      team.close();
      file.close();
    }
  }
}
