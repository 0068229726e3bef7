package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.bitnetj.family.Architecture;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.kv.BlockTable;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.FloatRows;
import org.junit.jupiter.api.io.TempDir;

/** Compares random models of families with a plain implementation in double. */
abstract class FamilyTestCase {
  static final int TEXTS = 10;
  static final int LENGTH = 12;
  static final int VOCABULARY = 320;

  @TempDir Path folder;

  static ModelShape shape(Architecture family, int headDim, boolean tied) {
    return new ModelShape(
        "tiny", family.label(), 2, 128, 256, 4, 2, headDim, VOCABULARY, 64, 10_000f, 1e-5f, tied);
  }

  Path write(ModelShape shape) throws IOException {
    Path path = folder.resolve("model.gguf");
    SyntheticModel.of(shape, 3).write(path, (w, s) -> {});
    return path;
  }

  static double[] firstLogits(Path path) throws Exception {
    try (GgufFile file = GgufFile.open(path)) {
      return new NaiveModel(file, 0).logits(new int[] {1, 2, 3})[2];
    }
  }

  static void agree(Architecture family, Path path) throws Exception {
    agree(family, path, 0, TEXTS);
  }

  /**
   * Where one rounding to int8 falls on the other side, a text's later logits differ by a few
   * tenths; without that they agree to a few millionths. So most texts must agree closely and all
   * of them roughly. Steps of one row say the same as one of all rows, to the bit.
   */
  static void agree(Architecture family, Path path, int block, int texts) throws Exception {
    Kernels kernels = KernelSelection.choose(null).kernels();
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(2);
        Weights weights = Weights.load(file, kernels, team);
        Transformer transformer = new Transformer(weights, kernels, team, LENGTH, LENGTH);
        BlockPool cache = transformer.newCache(AttentionLayer.Type.F32, 1 << 24)) {
      assertEquals(family, file.spec().architecture());
      NaiveModel naive = new NaiveModel(file, block);
      int close = 0;
      for (int seed = 0; seed < texts; seed++) {
        int[] ids = NaiveModel.tokens(seed, LENGTH, VOCABULARY);
        step(transformer, cache.newTable(LENGTH), ids, 0, LENGTH);
        double worst = difference(naive.logits(ids), transformer.logits());
        assertTrue(worst < 1, family + ", text " + seed + ": differs by " + worst);
        close += worst < 1e-3 ? 1 : 0;
      }
      assertTrue(close >= texts / 2, family + ": only " + close + " texts agree closely");

      int[] ids = NaiveModel.tokens(0, LENGTH, VOCABULARY);
      step(transformer, cache.newTable(LENGTH), ids, 0, LENGTH);
      float[] last = row(transformer.logits(), LENGTH - 1);
      BlockTable sequence = cache.newTable(LENGTH);
      for (int t = 0; t < LENGTH; t++) {
        step(transformer, sequence, ids, t, t + 1);
      }
      assertArrayEquals(last, row(transformer.logits(), 0), family + " by steps of one row");
    }
  }

  static void step(Transformer transformer, BlockTable sequence, int[] ids, int from, int to) {
    transformer.step().clear();
    transformer.step().add(sequence, ids, from, to, from, LogitsNeed.all());
    transformer.forward();
    transformer.step().commit();
  }

  static float[] row(FloatRows rows, int row) {
    float[] values = new float[VOCABULARY];
    for (int v = 0; v < VOCABULARY; v++) {
      values[v] = rows.get(row, v);
    }
    return values;
  }

  static double difference(double[][] expected, FloatRows actual) {
    double worst = 0;
    for (int t = 0; t < expected.length; t++) {
      for (int v = 0; v < VOCABULARY; v++) {
        worst = Math.max(worst, Math.abs(expected[t][v] - actual.get(t, v)));
      }
    }
    return worst;
  }
}
