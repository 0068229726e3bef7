package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kv.KvCache;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.Batch;
import org.bitnetj.testing.Golden;
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
            KvCache cache = model.transformer.newCache(type, 1, 512)) {
          int[] bits = model.prefill(cache, 0, TOKENS, setting[1]);
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
      for (int threads = 1; threads <= (kernels.gainsByCopies() ? 4 : 1); threads++) {
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
        KvCache cache = model.transformer.newCache(1, 16)) {
      for (int token : tokens) {
        bits.add(model.prefill(cache, 0, new int[] {token}, 1));
        WeightReads reads = model.transformer.reads();
        if (sparse && kernels.gainsByCopies()) {
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
          try (KvCache cache = model.transformer.newCache(1, 128)) {
            alone.add(model.prefill(cache, 0, text, 512));
          }
        }
        try (KvCache cache = model.transformer.newCache(texts.size(), 128)) {
          Batch batch = model.transformer.batch();
          batch.clear();
          for (int p = 0; p < 40; p++) { // rows of all sequences interleaved
            for (int s = 0; s < texts.size(); s++) {
              if (p < texts.get(s).length) {
                batch.add(s, p, texts.get(s)[p], p == texts.get(s).length - 1);
              }
            }
          }
          model.transformer.forward(cache);
          for (int i = 0; i < batch.logitsCount(); i++) {
            int sequence = batch.sequence(batch.logitsRow(i));
            assertArrayEquals(
                alone.get(sequence), model.bits(i), kernels.tier() + ", sequence " + sequence);
          }
        }
      }
    }
  }

  @Test
  void whichRowsWantLogitsDoesNotChangeABit() throws Exception {
    int[] text = {4094, 50, 60, 70};
    for (Kernels kernels : Tiers.available()) {
      try (Model model = new Model(kernels, 2, 64);
          KvCache cache = model.transformer.newCache(1, 64)) {
        Batch batch = model.transformer.batch();
        int[][] all = new int[text.length][];
        for (int wanted = (1 << text.length) - 1; wanted > 0; wanted--) {
          batch.clear();
          cache.truncate(0, 0);
          for (int i = 0; i < text.length; i++) {
            batch.add(0, i, text[i], (wanted >> i & 1) != 0);
          }
          model.transformer.forward(cache);
          for (int i = 0; i < batch.logitsCount(); i++) {
            int row = batch.logitsRow(i);
            if (all[row] == null) {
              all[row] = model.bits(i);
            }
            assertArrayEquals(all[row], model.bits(i), kernels.tier() + ", rows " + wanted);
          }
        }
      }
    }
  }

  @Test
  void aCutSequenceContinuesAsIfNothingHadFollowed() throws Exception {
    try (Model model = new Model(Tiers.best(), 2, 64);
        KvCache cache = model.transformer.newCache(1, 128);
        KvCache fresh = model.transformer.newCache(1, 128)) {
      int[] head = {4094, 5, 6, 7};
      int[] tail = {90, 91, 92};
      model.prefill(cache, 0, head, 64);
      model.prefill(cache, 0, new int[] {1, 2, 3, 4, 5}, 64);
      cache.truncate(0, head.length);
      int[] bits = model.prefill(cache, 0, tail, 64);
      model.prefill(fresh, 0, head, 64);
      assertArrayEquals(model.prefill(fresh, 0, tail, 64), bits);
    }
  }

  @Test
  void aFullContextIsRefusedBeforeAnythingChanges() throws Exception {
    try (Model model = new Model(Tiers.best(), 1, 64);
        KvCache cache = model.transformer.newCache(1, 8)) {
      model.prefill(cache, 0, new int[] {4094, 1, 2, 3, 4, 5, 6, 7}, 64);
      ContextOverflowException e =
          assertThrows(
              ContextOverflowException.class, () -> model.prefill(cache, 0, new int[] {8}, 64));
      assertTrue(e.getMessage().contains("context of 8"), e.getMessage());
      assertEquals(8, cache.length(0));
      assertThrows(ContextOverflowException.class, () -> model.transformer.newCache(1, 513));
    }
  }

  @Test
  void rowsThatDoNotFitAreRefused() throws Exception {
    try (Model model = new Model(Tiers.best(), 1, 64);
        KvCache cache = model.transformer.newCache(2, 8)) {
      int[][] wrong = {{0, 0, 4096}, {0, 0, -1}, {2, 0, 1}, {-1, 0, 1}, {0, 1, 1}, {0, -1, 1}};
      for (int[] row : wrong) {
        Batch batch = model.transformer.batch();
        batch.clear();
        batch.add(row[0], row[1], row[2], true);
        assertThrows(IllegalArgumentException.class, () -> model.transformer.forward(cache));
        assertEquals(0, cache.length(0));
      }
    }
  }

  /** The shipped model on given kernels and threads. */
  private static final class Model implements AutoCloseable {
    private final GgufFile file;
    private final ThreadTeam team;
    private final Weights weights;
    private final Transformer transformer;

    Model(Kernels kernels, int threads, int chunk) throws Exception {
      this(kernels, threads, chunk, true);
    }

    Model(Kernels kernels, int threads, int chunk, boolean sparse) throws Exception {
      file = GgufFile.open(Golden.MODEL);
      team = new ThreadTeam(threads);
      weights = Weights.load(file, kernels, team, HeadMode.FULL, sparse);
      transformer = new Transformer(weights, kernels, team, chunk, 4);
    }

    /** Feeds tokens in chunks; the bits of the last one's logits. */
    int[] prefill(KvCache cache, int sequence, int[] tokens, int chunk) {
      Batch batch = transformer.batch();
      for (int i = 0; i < tokens.length; ) {
        batch.clear();
        int position = cache.length(sequence);
        for (int end = Math.min(i + chunk, tokens.length); i < end; i++) {
          batch.add(sequence, position++, tokens[i], i == tokens.length - 1);
        }
        transformer.forward(cache);
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
