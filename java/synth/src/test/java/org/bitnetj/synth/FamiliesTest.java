package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.model.Architecture;
import org.bitnetj.model.LogitsNeed;
import org.bitnetj.model.ModelSpec;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.FloatRows;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random models of every family compute what a plain implementation in double does. */
class FamiliesTest {
  private static final int TEXTS = 10;
  private static final int LENGTH = 12;
  private static final int VOCABULARY = 320;

  @TempDir Path folder;

  private static ModelShape shape(Architecture family, boolean tied) {
    return new ModelShape(
        "tiny", family.label(), 2, 128, 256, 4, 2, VOCABULARY, 64, 10_000f, 1e-5f, tied);
  }

  /**
   * Where one rounding to int8 falls on the other side, a text's later logits differ by a few
   * tenths; without that they agree to a few millionths. So most texts must agree closely and all
   * of them roughly.
   */
  @ParameterizedTest
  @EnumSource
  void logitsAgreeWithAPlainImplementation(Architecture family) throws Exception {
    Path path = folder.resolve("model.gguf");
    SyntheticModel.of(shape(family, family != Architecture.LLAMA), 3).write(path, (w, s) -> {});
    agrees(path, family, 0);
  }

  /** Matrices with a scale for each group of columns, and activations as the family has them. */
  @ParameterizedTest
  @EnumSource
  void logitsAgreeWithScalesByGroups(Architecture family) throws Exception {
    Path plain = folder.resolve("plain.gguf");
    ModelShape shape =
        new ModelShape(
            "tiny", family.label(), 2, 256, 512, 4, 2, VOCABULARY, 64, 10_000f, 1e-5f, true);
    SyntheticModel.of(shape, 4).write(plain, (w, s) -> {});
    boolean byRows = family.activationScaling().isPresent();
    for (TernaryFormat format :
        List.of(WeightFormats.Q2_0, WeightFormats.PQ2_0, WeightFormats.TQ2_0)) {
      Path path = folder.resolve(format.name() + ".gguf");
      GroupedModel.write(plain, tensor -> format, path);
      agrees(path, family, byRows ? 0 : Math.max(128, format.blockColumns()));
    }
  }

  private static void agrees(Path path, Architecture family, int block) throws Exception {
    Kernels kernels = KernelSelection.choose(null).kernels();
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(2);
        Weights weights = Weights.load(file, kernels, team);
        Transformer transformer = new Transformer(weights, kernels, team, LENGTH, LENGTH);
        BlockPool cache = transformer.newCache(AttentionLayer.Type.F32, 1 << 24)) {
      assertEquals(family, ModelSpec.of(file).architecture());
      NaiveModel naive = new NaiveModel(file, block);
      int close = 0;
      for (int seed = 0; seed < TEXTS; seed++) {
        int[] ids = NaiveModel.tokens(seed, LENGTH, VOCABULARY);
        transformer.step().clear();
        transformer.step().add(cache.newTable(LENGTH), ids, 0, LENGTH, 0, LogitsNeed.all());
        transformer.forward();
        double worst = difference(naive.logits(ids), transformer.logits());
        assertTrue(worst < 1, family + ", text " + seed + ": differs by " + worst);
        close += worst < 1e-3 ? 1 : 0;
      }
      assertTrue(close >= TEXTS / 2, family + ": only " + close + " texts agree closely");
    }
  }

  private static double difference(double[][] expected, FloatRows actual) {
    double worst = 0;
    for (int t = 0; t < expected.length; t++) {
      for (int v = 0; v < VOCABULARY; v++) {
        worst = Math.max(worst, Math.abs(expected[t][v] - actual.get(t, v)));
      }
    }
    return worst;
  }
}
