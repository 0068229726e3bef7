package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.kv.BlockTable;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.FloatRows;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Random models of every family compute what a plain implementation in double does. */
class FamiliesTest {
  private static final int TEXTS = 10;
  private static final int LENGTH = 12;
  private static final int VOCABULARY = 320;

  @TempDir Path folder;

  private static ModelShape shape(Architecture family, int headDim, boolean tied) {
    return new ModelShape(
        "tiny", family.label(), 2, 128, 256, 4, 2, headDim, VOCABULARY, 64, 10_000f, 1e-5f, tied);
  }

  private Path write(ModelShape shape) throws IOException {
    Path path = folder.resolve("model.gguf");
    SyntheticModel.of(shape, 3).write(path, (w, s) -> {});
    return path;
  }

  @ParameterizedTest
  @EnumSource
  void logitsAgreeWithAPlainImplementation(Architecture family) throws Exception {
    agree(family, write(shape(family, 32, family != Architecture.LLAMA)));
  }

  /** So in published Qwen3 models. */
  @ParameterizedTest
  @EnumSource
  void queryHeadsMayBeWiderOrNarrowerThanTheResidualStream(Architecture family) throws Exception {
    agree(family, write(shape(family, 64, true)));
    agree(family, write(shape(family, 16, true)));
  }

  /** As BitNet's embedding models have them: each linear layer has another input. */
  @ParameterizedTest
  @EnumSource(names = {"QWEN3", "GEMMA3"})
  void linearLayersMayHaveNormsOfTheirOwn(Architecture family) throws Exception {
    Path plain = write(shape(family, 32, true));
    Path normed = withInputNorms(plain, folder.resolve("normed.gguf"));
    agree(family, normed);
    assertNotEquals(
        Arrays.toString(firstLogits(plain)), Arrays.toString(firstLogits(normed)), "no norms");
    agree(
        family,
        new Rewriting(normed)
            .as(WeightFormats.F16, "blk.0.attn_k.weight")
            .as(WeightFormats.F32, "blk.1.ffn_down.weight")
            .write(folder.resolve("floats.gguf")));
  }

  @Test
  void aNormOfALinearLayerCountsThoughTheFirstLayerHasNone() throws Exception {
    float[] weights = new float[128];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = i % 2 == 0 ? 0.25f : 4;
    }
    Path plain = write(shape(Architecture.QWEN3, 32, true));
    Path normed =
        new Rewriting(plain)
            .with("blk.1.attn_q_norm_in.weight", weights)
            .write(folder.resolve("normed.gguf"));
    assertNotEquals(
        Arrays.toString(firstLogits(plain)), Arrays.toString(firstLogits(normed)), "no norm");
    agree(Architecture.QWEN3, normed);
  }

  /** Adds a norm for each linear layer of the two layers, each another. */
  static Path withInputNorms(Path from, Path to) throws Exception {
    Rewriting more = new Rewriting(from);
    try (GgufFile file = GgufFile.open(from)) {
      Random random = new Random(8);
      for (Tensor tensor : file.tensors()) {
        if (tensor.format() instanceof TernaryFormat) {
          float[] weights = new float[(int) tensor.columns()];
          for (int i = 0; i < weights.length; i++) {
            weights[i] = random.nextFloat(0.5f, 2);
          }
          more.with(tensor.name().replace(".weight", "_norm_in.weight"), weights);
        }
      }
    }
    return more.write(to);
  }

  /** As Llama 3.1 does for long contexts: slow rotations are slower still. */
  @Test
  void rotationsMayBeDividedByWhatTheFileSays() throws Exception {
    float[] divisors = new float[16];
    for (int i = 0; i < divisors.length; i++) {
      divisors[i] = i < 6 ? 1 : 1 + (i - 5) * 0.7f;
    }
    Path plain = write(shape(Architecture.LLAMA, 32, false));
    Path path =
        new Rewriting(plain)
            .with("rope_freqs.weight", divisors)
            .write(folder.resolve("freqs.gguf"));
    agree(Architecture.LLAMA, path);
    assertNotEquals(
        Arrays.toString(firstLogits(plain)), Arrays.toString(firstLogits(path)), "divided by 1");
  }

  /** MiniCPM's divisors: one list within the context of the first training, one beyond. */
  @Test
  void rotationsOfLongRopeAreDividedByTheFirstList() throws Exception {
    float[] divisors = new float[16];
    for (int i = 0; i < divisors.length; i++) {
      divisors[i] = 1 + 0.3f * i;
    }
    String key = "minicpm.rope.scaling.";
    Path plain = write(shape(Architecture.MINICPM, 32, true));
    Rewriting rewriting =
        new Rewriting(plain)
            .with("rope_factors_short.weight", divisors)
            .with("rope_factors_long.weight", new float[16])
            .keys(header -> header.text(key + "type", "longrope"));
    agree(Architecture.MINICPM, rewriting.write(folder.resolve("long.gguf")));
    Path longer =
        rewriting
            .keys(header -> header.u32(key + "original_context_length", 32))
            .write(folder.resolve("longer.gguf"));
    try (GgufFile file = GgufFile.open(longer)) {
      String message = assertThrows(ModelFileException.class, file::spec).getMessage();
      assertTrue(message.contains("beyond the context of the first training"), message);
    }
  }

  /** As in models whose context was made longer than that of their first training. */
  @ParameterizedTest
  @EnumSource
  void rotationsMayBeScaled(Architecture family) throws Exception {
    Path plain = write(shape(family, 32, true));
    String key = family.label() + ".rope.scaling.";
    Path linear =
        new Rewriting(plain)
            .keys(header -> header.text(key + "type", "linear").f32(key + "factor", 2.5f))
            .write(folder.resolve("linear.gguf"));
    Path yarn =
        new Rewriting(plain)
            .keys(header -> header.text(key + "type", "yarn").f32(key + "factor", 4))
            .keys(header -> header.u32(key + "original_context_length", 1024))
            .keys(header -> header.f32(key + "yarn_beta_fast", 24))
            .write(folder.resolve("yarn.gguf"));
    for (Path path : List.of(linear, yarn)) {
      agree(family, path);
      assertNotEquals(
          Arrays.toString(firstLogits(plain)), Arrays.toString(firstLogits(path)), path.toString());
    }
  }

  @Test
  void aWindowOfGemmaIsItsContextWhereAllLayersAreRotatedAlike() throws Exception {
    Path plain = write(shape(Architecture.GEMMA3, 32, true));
    String key = "gemma3.attention.sliding_window";
    assertEquals(16, contextOf(plain, header -> header.u32(key, 16)));
    assertEquals(64, contextOf(plain, header -> header.u32(key, 512)));
    assertEquals(64, contextOf(plain, header -> header.u32(key, 0)));
    String scaled =
        refusal(plain, header -> header.u32(key, 16).f32("gemma3.rope.scaling.factor", 8));
    assertTrue(scaled.contains("are scaled, but not those of layers with a window"), scaled);
    for (int window : new int[] {16, 512}) {
      String other =
          refusal(
              plain, header -> header.u32(key, window).f32("gemma3.rope.freq_base_swa", 500_000));
      assertTrue(other.contains("have the base 500000.0 for rotations and others"), other);
      assertTrue(other.endsWith("this engine has one base for all layers."), other);
    }
  }

  private int contextOf(Path plain, Consumer<GgufHeader> keys) throws Exception {
    Path path = new Rewriting(plain).keys(keys).write(folder.resolve("windows.gguf"));
    try (GgufFile file = GgufFile.open(path)) {
      return file.spec().contextLength();
    }
  }

  private String refusal(Path plain, Consumer<GgufHeader> keys) {
    return assertThrows(ModelFileException.class, () -> contextOf(plain, keys)).getMessage();
  }

  @Test
  void anAlphaRaisesTheBaseOfTheFrequencies() throws Exception {
    Path plain = write(shape(Architecture.HUNYUAN_DENSE, 32, true));
    Path alpha =
        new Rewriting(plain)
            .keys(header -> header.f32("hunyuan-dense.rope.scaling.alpha", 50))
            .write(folder.resolve("alpha.gguf"));
    try (GgufFile file = GgufFile.open(alpha)) {
      assertEquals((float) (10_000 * Math.pow(50, 32 / 30.0)), file.spec().rotation().theta());
    }
  }

  /** Each weight for itself is ternary or of floats, in any layer, and so are those beside it. */
  @ParameterizedTest
  @EnumSource
  void someWeightsMayBeOfFloats(Architecture family) throws Exception {
    Path path =
        new Rewriting(write(shape(family, 32, true)))
            .as(WeightFormats.F32, "blk.0.attn_k.weight")
            .as(WeightFormats.F16, "blk.0.attn_output.weight")
            .as(WeightFormats.BF16, "blk.0.ffn_up.weight")
            .as(WeightFormats.F16, "blk.1.attn_q.weight")
            .as(WeightFormats.F16, "blk.1.attn_v.weight")
            .as(WeightFormats.F32, "blk.1.ffn_gate.weight")
            .as(WeightFormats.BF16, "blk.1.ffn_down.weight")
            .write(folder.resolve("mixed.gguf"));
    agree(family, path);
  }

  /** The embedding and the head, and linear layers, in every type with blocks of weights. */
  @ParameterizedTest
  @EnumSource
  void matricesOfFloatsMayBeStoredInBlocks(Architecture family) throws Exception {
    ModelShape shape =
        new ModelShape(
            "tiny", family.label(), 1, 256, 512, 4, 2, VOCABULARY, 64, 10_000f, 1e-5f, false);
    Path plain = write(shape);
    List<FloatFormat> types =
        List.of(WeightFormats.Q4_0, WeightFormats.IQ4_NL, WeightFormats.Q4_K, WeightFormats.Q5_K);
    for (int i = 0; i < types.size(); i++) {
      Path path =
          new Rewriting(plain)
              .as(types.get(i), "token_embd.weight")
              .as(types.get((i + 1) % 4), "output.weight")
              .as(types.get((i + 2) % 4), "blk.0.attn_k.weight")
              .as(types.get((i + 3) % 4), "blk.0.ffn_down.weight")
              .write(folder.resolve("blocks.gguf"));
      agree(family, path);
    }
  }

  /** As Ternary-Bonsai's are, of whose larger models the head is a matrix of its own. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void embeddingAndHeadMayBeTernary(boolean tied) throws Exception {
    ModelShape shape =
        new ModelShape("tiny", "qwen3", 1, 256, 512, 4, 2, VOCABULARY, 64, 10_000f, 1e-5f, tied);
    Path plain = write(shape);
    for (TernaryFormat type : List.of(WeightFormats.Q2_0, WeightFormats.PQ2_0)) {
      Rewriting rewriting = new Rewriting(plain).as(type, "token_embd.weight");
      Path path =
          (tied ? rewriting : rewriting.as(type, "output.weight"))
              .write(folder.resolve("ternary.gguf"));
      agree(Architecture.QWEN3, path);
    }
  }

  /** Blocks of I2_S hold 128 weights, whatever the length of rows. */
  @ParameterizedTest
  @EnumSource
  void blocksMayStraddleRows(Architecture family) throws Exception {
    ModelShape shape =
        new ModelShape(
            "tiny", family.label(), 2, 80, 208, 5, 1, VOCABULARY, 64, 10_000f, 1e-5f, true);
    agree(family, write(shape));
  }

  private static double[] firstLogits(Path path) throws Exception {
    try (GgufFile file = GgufFile.open(path)) {
      return new NaiveModel(file, 0).logits(new int[] {1, 2, 3})[2];
    }
  }

  static Stream<Arguments> familiesAndScaledFormats() {
    return Arrays.stream(Architecture.values())
        .flatMap(
            family ->
                Stream.of(
                        WeightFormats.Q2_0,
                        WeightFormats.PQ2_0,
                        WeightFormats.TQ2_0,
                        WeightFormats.PTQ1_0,
                        WeightFormats.Q1_0,
                        WeightFormats.TQ1_0,
                        WeightFormats.STQ1_0,
                        WeightFormats.STQ1_0_STRIDED,
                        WeightFormats.IQ1_BN,
                        WeightFormats.IQ2_BN,
                        WeightFormats.IQ2_BN_R4)
                    .map(format -> Arguments.of(family, format)));
  }

  /** Matrices with a scale for each row or group, and activations as the family has them. */
  @ParameterizedTest
  @MethodSource("familiesAndScaledFormats")
  void logitsAgreeWithScalesByRowsOrGroups(Architecture family, TernaryFormat format)
      throws Exception {
    Path plain = folder.resolve("plain.gguf");
    ModelShape shape =
        new ModelShape(
            "tiny", family.label(), 2, 256, 512, 4, 2, VOCABULARY, 64, 10_000f, 1e-5f, true);
    SyntheticModel.of(shape, 4).write(plain, (w, s) -> {});
    Path path = folder.resolve("scaled.gguf");
    GroupedModel.write(plain, tensor -> format, path);
    boolean byRows =
        family.activationScaling().isPresent() || format.scaleKind().equals(ScaleKind.ROW);
    agree(family, path, byRows ? 0 : Math.max(128, format.blockColumns()));
  }

  /** Rows of 5 and 7 groups of 64: their last block of activations is half of one. */
  @ParameterizedTest
  @EnumSource
  void logitsAgreeWithAnOddNumberOfGroups(Architecture family) throws Exception {
    Path plain = folder.resolve("plain.gguf");
    ModelShape shape =
        new ModelShape(
            "tiny", family.label(), 2, 320, 448, 5, 1, VOCABULARY, 64, 10_000f, 1e-5f, true);
    SyntheticModel.of(shape, 4).write(plain, (w, s) -> {});
    Path path = folder.resolve("odd.gguf");
    GroupedModel.write(plain, tensor -> WeightFormats.Q2_0, path);
    agree(family, path, family.activationScaling().isPresent() ? 0 : 128);
  }

  private static void agree(Architecture family, Path path) throws Exception {
    agree(family, path, 0);
  }

  /**
   * Where one rounding to int8 falls on the other side, a text's later logits differ by a few
   * tenths; without that they agree to a few millionths. So most texts must agree closely and all
   * of them roughly. Steps of one row say the same as one of all rows, to the bit.
   */
  private static void agree(Architecture family, Path path, int block) throws Exception {
    Kernels kernels = KernelSelection.choose(null).kernels();
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(2);
        Weights weights = Weights.load(file, kernels, team);
        Transformer transformer = new Transformer(weights, kernels, team, LENGTH, LENGTH);
        BlockPool cache = transformer.newCache(AttentionLayer.Type.F32, 1 << 24)) {
      assertEquals(family, file.spec().architecture());
      NaiveModel naive = new NaiveModel(file, block);
      int close = 0;
      for (int seed = 0; seed < TEXTS; seed++) {
        int[] ids = NaiveModel.tokens(seed, LENGTH, VOCABULARY);
        step(transformer, cache.newTable(LENGTH), ids, 0, LENGTH);
        double worst = difference(naive.logits(ids), transformer.logits());
        assertTrue(worst < 1, family + ", text " + seed + ": differs by " + worst);
        close += worst < 1e-3 ? 1 : 0;
      }
      assertTrue(close >= TEXTS / 2, family + ": only " + close + " texts agree closely");

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

  private static void step(
      Transformer transformer, BlockTable sequence, int[] ids, int from, int to) {
    transformer.step().clear();
    transformer.step().add(sequence, ids, from, to, from, LogitsNeed.all());
    transformer.forward();
    transformer.step().commit();
  }

  private static float[] row(FloatRows rows, int row) {
    float[] values = new float[VOCABULARY];
    for (int v = 0; v < VOCABULARY; v++) {
      values[v] = rows.get(row, v);
    }
    return values;
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
