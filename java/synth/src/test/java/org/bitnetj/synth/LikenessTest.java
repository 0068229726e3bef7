package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.parallel.ThreadTeam;
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
  private record Observed(double openGates, double nonzeroUnits, double peak) {}

  private Observed observe(SyntheticModel model) throws Exception {
    Path path = folder.resolve("model.gguf");
    model.write(path, (written, size) -> {});
    Kernels kernels = new ScalarKernels();
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(1);
        Weights weights = Weights.load(file, kernels, team);
        Transformer transformer = new Transformer(weights, kernels, team, 1, 1);
        BlockPool cache = transformer.newCache(AttentionLayer.Type.F16, 1 << 22)) {
      var table = cache.newTable(TOKENS);
      double peaks = 0;
      double open = 0;
      double units = 0;
      for (int i = 0; i < TOKENS; i++) {
        int token = 26 * i;
        transformer.step().clear();
        transformer.step().add(table, new int[] {token}, 0, 1, 0, LogitsNeed.all());
        transformer.forward();
        transformer.step().commit();
        open += transformer.reads().activeRows().orElseThrow();
        units += transformer.reads().nonzeroUnits().orElseThrow();
        peaks += peak(transformer.logits(), token);
      }
      return new Observed(open / TOKENS, units / TOKENS, peaks / TOKENS);
    }
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
  void gatesAreOpenAndTheBestLogitStandsOutAsAsked(double openGates, double peak) throws Exception {
    Observed plain = observe(PLAIN);
    assertEquals(0.5, plain.openGates, 0.04);
    Observed like = observe(PLAIN.like(new Likeness(openGates, peak)));
    assertEquals(openGates, like.openGates, 0.04);
    assertTrue(like.nonzeroUnits < openGates + 0.02 && like.nonzeroUnits > 0.2 * openGates);
    if (peak > 0) {
      assertEquals(peak, like.peak, 0.2 * peak);
    }
  }

  /** The rest of the model is as it is without. */
  @Test
  void noLikenessChangesNoByte() throws Exception {
    Path plain = folder.resolve("plain.gguf");
    Path none = folder.resolve("none.gguf");
    PLAIN.write(plain, (written, size) -> {});
    PLAIN.like(new Likeness(0.5, 0)).write(none, (written, size) -> {});
    assertArrayEquals(Files.readAllBytes(plain), Files.readAllBytes(none));
    PLAIN.like(new Likeness(0.3, 0)).write(none, (written, size) -> {});
    assertEquals(-1, Files.mismatch(none, none));
    assertNotEquals(-1, Files.mismatch(plain, none));
    assertEquals(Files.size(plain), Files.size(none));
  }

  @Test
  void whatCannotBeIsRefused() {
    for (double share : new double[] {0, -0.1, 0.51, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> new Likeness(share, 0));
    }
    for (double peak : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> new Likeness(0.5, peak));
    }
    assertRefused("must be at most 5.7", () -> PLAIN.like(new Likeness(0.5, 6)));
    assertRefused(
        "cannot hold the zeros",
        () -> PLAIN.in(WeightFormats.Q1_0, false, WeightFormats.F16).like(new Likeness(0.2, 0)));
    ModelShape untied = ModelShape.named("Falcon3-3B");
    assertRefused("are never shut", () -> SyntheticModel.of(untied, 1).like(new Likeness(0.2, 0)));
    assertRefused("head of its own", () -> SyntheticModel.of(untied, 1).like(new Likeness(0.5, 5)));
  }

  private static void assertRefused(
      String reason, org.junit.jupiter.api.function.Executable action) {
    String message = assertThrows(IllegalArgumentException.class, action).getMessage();
    assertTrue(message.contains(reason), message);
  }
}
