package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Path;
import java.util.Arrays;
import org.bitnetj.family.Architecture;
import org.bitnetj.format.WeightFormats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random models of every family compute what a plain implementation in double does. */
class FamiliesTest extends FamilyTestCase {
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
    Path normed = Rewriting.withInputNorms(plain, folder.resolve("normed.gguf"));
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
}
