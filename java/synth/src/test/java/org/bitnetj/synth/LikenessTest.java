package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.kv.BlockTable;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.FloatRows;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LikenessTest {
  private static final ModelShape SHAPE =
      new ModelShape("small", "bitnet-b1.58", 4, 512, 1024, 8, 2, 640, 512, 10000f, 1e-5f, true);
  private static final SyntheticModel PLAIN = SyntheticModel.of(SHAPE, 3);
  private static final int TOKENS = 24;

  @TempDir Path folder;

  /** What a model does with tokens, one a step. */
  private record Observed(double activeRows, double nonzeroUnits, double peak) {}

  /** What is done with a model that is written and loaded, and an empty sequence. */
  @FunctionalInterface
  private interface Use<T> {
    T run(Transformer transformer, BlockTable sequence) throws Exception;
  }

  private <T> T with(SyntheticModel model, int rows, Use<T> use) throws Exception {
    Path path = folder.resolve("model.gguf");
    model.write(path, (written, size) -> {});
    Kernels kernels = new ScalarKernels();
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(1);
        Weights weights = Weights.load(file, kernels, team);
        Transformer transformer = new Transformer(weights, kernels, team, rows, 1);
        BlockPool cache = transformer.newCache(AttentionLayer.Type.F16, 1 << 22)) {
      return use.run(transformer, cache.newTable(TOKENS));
    }
  }

  private Observed observe(SyntheticModel model) throws Exception {
    return with(model, 1, LikenessTest::observe);
  }

  private static Observed observe(Transformer transformer, BlockTable sequence) {
    double peaks = 0;
    double active = 0;
    double units = 0;
    for (int i = 0; i < TOKENS; i++) {
      int token = 26 * i;
      transformer.step().clear();
      transformer.step().add(sequence, new int[] {token}, 0, 1, 0, LogitsNeed.all());
      transformer.forward();
      transformer.step().commit();
      active += transformer.reads().activeRows().orElseThrow();
      units += transformer.reads().nonzeroUnits().orElseThrow();
      peaks += peak(transformer.logits(), token);
    }
    return new Observed(active / TOKENS, units / TOKENS, peaks / TOKENS);
  }

  /** By how many deviations a token's logit is above the mean. */
  private static double peak(FloatRows logits, int token) {
    double sum = 0;
    double squares = 0;
    for (int v = 0; v < SHAPE.vocabulary(); v++) {
      double logit = v == token ? 0 : logits.get(0, v);
      sum += logit;
      squares += logit * logit;
    }
    double mean = sum / (SHAPE.vocabulary() - 1);
    return (logits.get(0, token) - mean)
        / Math.sqrt(squares / (SHAPE.vocabulary() - 1) - mean * mean);
  }

  @ParameterizedTest
  @CsvSource({"0.2, 0", "0.1, 0", "0.35, 5", "0.2, 5"})
  void gatesAreOpenAndTheBestLogitStandsOutAsAsked(double activeRows, double peak)
      throws Exception {
    Observed plain = observe(PLAIN);
    assertEquals(0.5, plain.activeRows, 0.04);
    Observed like = observe(PLAIN.like(new Likeness(activeRows, peak)));
    assertEquals(activeRows, like.activeRows, 0.03);
    assertTrue(like.nonzeroUnits < like.activeRows && like.nonzeroUnits > 0.5 * like.activeRows);
    if (peak > 0) {
      assertEquals(peak, like.peak, 0.2 * peak);
    }
  }

  /** Query, key and value are as they are without, and so is every embedding after the constant. */
  @Test
  void theRestOfTheModelIsAsItIsWithout() throws Exception {
    Path plain = folder.resolve("plain.gguf");
    Path like = folder.resolve("like.gguf");
    PLAIN.write(plain, (written, size) -> {});
    PLAIN.like(new Likeness(0.3, 0)).write(like, (written, size) -> {});
    try (GgufFile before = GgufFile.open(plain);
        GgufFile after = GgufFile.open(like)) {
      for (String name :
          List.of("blk.1.attn_q.weight", "blk.3.attn_k.weight", "blk.0.attn_v.weight")) {
        assertEquals(-1, before.tensor(name).data().mismatch(after.tensor(name).data()), name);
      }
      for (String name :
          List.of("blk.0.ffn_gate.weight", "blk.2.ffn_down.weight", "output_norm.weight")) {
        assertNotEquals(-1, before.tensor(name).data().mismatch(after.tensor(name).data()), name);
      }
      int constants = SHAPE.width() / 40;
      Tensor embedding = after.tensor("token_embd.weight");
      float constant = half(embedding, 0);
      for (int i = 0; i < embedding.elements(); i++) {
        boolean isConstant = i % SHAPE.width() < constants;
        assertEquals(
            isConstant ? constant : half(before.tensor("token_embd.weight"), i),
            half(embedding, i));
      }
    }
  }

  /** Padding of panels stays empty, and the constant is in every type. */
  @Test
  void aModelInPanelsComputesTheSame() throws Exception {
    SyntheticModel like = PLAIN.like(new Likeness(0.2, 5));
    assertArrayEquals(logits(like), logits(like.inPanels(PanelLayout.FIVE_DIGITS)));
  }

  private float[] logits(SyntheticModel model) throws Exception {
    return with(
        model,
        3,
        (transformer, sequence) -> {
          transformer.step().add(sequence, new int[] {7, 300, 41}, 0, 3, 2, LogitsNeed.all());
          transformer.forward();
          float[] logits = new float[SHAPE.vocabulary()];
          for (int v = 0; v < logits.length; v++) {
            logits[v] = transformer.logits().get(0, v);
          }
          return logits;
        });
  }

  private static float half(Tensor tensor, int i) {
    return Float.float16ToFloat(tensor.data().getAtIndex(ValueLayout.JAVA_SHORT, i));
  }

  @Test
  void whatCannotBeIsRefused() {
    for (double share : new double[] {0, -0.1, 0.51, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> new Likeness(share, 0));
    }
    for (double peak : new double[] {-1, 1e-9, 4.9, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> new Likeness(0.5, peak));
    }
    assertRefused("must be at most 5.7", () -> PLAIN.like(new Likeness(0.5, 6)));
    assertRefused(
        "cannot hold the zeros",
        () -> PLAIN.in(WeightFormats.Q1_0, false, WeightFormats.F16).like(new Likeness(0.2, 0)));
    ModelShape untied = ModelShape.named("Falcon3-3B");
    assertRefused(
        "make no row inactive", () -> SyntheticModel.of(untied, 1).like(new Likeness(0.2, 0)));
    assertRefused("head of its own", () -> SyntheticModel.of(untied, 1).like(new Likeness(0.5, 5)));
  }

  private static void assertRefused(
      String reason, org.junit.jupiter.api.function.Executable action) {
    String message = assertThrows(IllegalArgumentException.class, action).getMessage();
    assertTrue(message.contains(reason), message);
  }
}
