package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.Test;

/** Texts are the same whether the head is screened or read in full, whatever the sampling. */
class ScreenedTextTest {
  private static final SamplingOptions DEFAULTS = SamplingOptions.defaults();

  private static final List<SamplingOptions> SAMPLINGS =
      List.of(
          SamplingOptions.greedy(),
          SamplingOptions.greedy().withRepetitionPenalty(1.3),
          SamplingOptions.greedy().withPresencePenalty(3).withFrequencyPenalty(0.5),
          SamplingOptions.greedy().withPresencePenalty(-6).withPenaltyWindow(5),
          DEFAULTS.withSeed(1),
          DEFAULTS.withSeed(2).withTemperature(3).withTopP(1).withMinP(0),
          DEFAULTS.withSeed(3).withTopK(1),
          DEFAULTS.withSeed(4).withTopK(100).withTopP(0.9).withRepetitionPenalty(1.5),
          DEFAULTS.withSeed(5).withTopK(0).withTemperature(1.5),
          DEFAULTS.withSeed(6).withTopK(5).withFrequencyPenalty(-2).withTemperature(2),
          DEFAULTS.withSeed(7).withTopK(3000),
          DEFAULTS.withSeed(8).withTopP(1),
          DEFAULTS.withSeed(9).withMinP(0).withTopP(0.8),
          DEFAULTS.withSeed(10).withMinP(0.3).withLogitBias(Map.of(300, 5.0)));

  private static List<GenerationResult> texts(Kernels kernels, HeadMode mode) throws Exception {
    int tokens = kernels.tier().isNative() ? 30 : 5;
    List<GenerationResult> results = new ArrayList<>();
    LoadOptions options =
        LoadOptions.defaults()
            .withThreads(2)
            .withKernels(kernels.tier().label())
            .withSparse(false)
            .withHead(mode);
    try (LanguageModel model = LanguageModel.load(Golden.MODEL, options);
        Session session = model.openSession()) {
      for (SamplingOptions sampling : SAMPLINGS) {
        results.add(
            session.generate(
                "Once upon a time there was",
                GenerationOptions.defaults().withSampling(sampling).withMaxTokens(tokens),
                GenerationListener.NONE));
      }
      assertEquals(
          model.bytesPerToken(), results.get(8).stats().bytesPerToken(), "all logits, all bytes");
    }
    return results;
  }

  @Test
  void everySamplingGivesTheSameTextOnEveryTier() throws Exception {
    for (Kernels kernels : Tiers.available()) {
      List<GenerationResult> full = texts(kernels, HeadMode.FULL);
      List<GenerationResult> screened = texts(kernels, HeadMode.SCREENED);
      for (int i = 0; i < SAMPLINGS.size(); i++) {
        String what = kernels.tier() + ", " + SAMPLINGS.get(i);
        assertArrayEquals(full.get(i).tokens(), screened.get(i).tokens(), what);
        assertEquals(full.get(i).text(), screened.get(i).text(), what);
      }
      long all = full.getFirst().stats().bytesPerToken();
      long few = screened.getFirst().stats().bytesPerToken();
      assertTrue(few < all, kernels.tier() + ": " + few);
    }
  }
}
