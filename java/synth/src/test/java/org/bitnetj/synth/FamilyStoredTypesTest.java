package org.bitnetj.synth;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bitnetj.family.Architecture;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models of every family with weights of every type compute what a plain implementation does. */
class FamilyStoredTypesTest extends FamilyTestCase {
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
    // Other tests here have more texts of each family; a format reads all texts alike.
    agree(family, path, byRows ? 0 : Math.max(128, format.blockColumns()), 4);
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
    agree(family, path, family.activationScaling().isPresent() ? 0 : 128, TEXTS);
  }
}
