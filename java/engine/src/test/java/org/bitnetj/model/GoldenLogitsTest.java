package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.Npy;
import org.bitnetj.testing.TextInSteps;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The shipped model's logits are those of an independent implementation of its arithmetic. */
class GoldenLogitsTest {
  private static GgufFile file;
  private static ThreadTeam team;
  private static Weights weights;
  private static Transformer transformer;

  @BeforeAll
  static void load() throws Exception {
    file = GgufFile.open(Golden.MODEL);
    team = new ThreadTeam(2);
    // Which tier does not matter: ForwardInvarianceTest shows that all give the same bits.
    weights = Weights.load(file, Tiers.best(), team);
    transformer = new Transformer(weights, Tiers.best(), team, 64, 64);
  }

  @AfterAll
  static void close() {
    transformer.close();
    weights.close();
    team.close();
    file.close();
  }

  /** The expected logits were computed with keys and values in float32. */
  @Test
  void logitsAgreeWithinTheStatedTolerance() {
    int tight = 0;
    for (Golden.Prompt prompt : Golden.prompts()) {
      if (largestDifference(prompt, AttentionLayer.Type.F32) <= Golden.tolerance("tight_abs")) {
        tight++;
      }
    }
    assertTrue(tight >= 7, "only " + tight + " prompts agree within the tight bound");
  }

  /** Rounding keys and values to float16 flips int8 roundings in every prompt. */
  @Test
  void logitsWithAFloat16CacheAgreeWithinTheLooseBound() {
    for (Golden.Prompt prompt : Golden.prompts()) {
      largestDifference(prompt, AttentionLayer.Type.F16);
    }
  }

  /** The largest difference of a prompt's logits, all of them being within the loose bounds. */
  private static double largestDifference(Golden.Prompt prompt, AttentionLayer.Type cache) {
    FloatRows logits = forward(prompt.ids(), cache);
    Npy expected = prompt.logits();
    double worst = 0;
    double total = 0;
    for (int r = 0; r < prompt.ids().length; r++) {
      for (int v = 0; v < expected.shape()[1]; v++) {
        double difference = Math.abs(logits.get(r, v) - expected.f32(r, v));
        worst = Math.max(worst, difference);
        total += difference;
      }
    }
    double mean = total / ((double) prompt.ids().length * expected.shape()[1]);
    assertTrue(worst <= Golden.tolerance("max_abs"), prompt + ": worst difference " + worst);
    assertTrue(mean <= Golden.tolerance("mean_abs"), prompt + ": mean difference " + mean);
    return worst;
  }

  /**
   * Where two correct implementations round one activation differently, a close race between two
   * tokens may end the other way and the texts part. So a text may part from the expected one only
   * at such a race, and most must not part at all.
   */
  @Test
  void greedyContinuationsPartFromTheExpectedOnesOnlyAtCloseRaces() {
    int whole = 0;
    for (Golden.Prompt prompt : Golden.prompts()) {
      int[] ids = prompt.ids();
      int same = 0;
      try (TextInSteps text = new TextInSteps(transformer, AttentionLayer.Type.F32, 128)) {
        text.compute(ids);
        while (same < prompt.greedy().length) {
          FloatRows logits = transformer.logits();
          int best = argmax(logits);
          int expected = prompt.greedy()[same];
          if (best != expected) {
            float race = logits.get(0, best) - logits.get(0, expected);
            assertTrue(
                race <= Golden.tolerance("max_abs"),
                prompt + ", token " + same + ": " + best + " leads " + expected + " by " + race);
            break;
          }
          same++;
          text.compute(best);
        }
      }
      if (same == prompt.greedy().length) {
        whole++;
      }
    }
    assertTrue(whole >= 7, "only " + whole + " continuations are the expected ones");
  }

  @Test
  void theResidualStreamAgreesLayerByLayer() {
    Map<String, Npy> taps = Npy.archive("golden/taps_02.npz");
    Golden.Prompt prompt = Golden.prompts().get(2);
    int[] seen = {0};
    transformer.observe(
        (point, rows, count) -> {
          Npy expected = taps.get(point);
          assertEquals(prompt.ids().length, count);
          for (int r = 0; r < count; r++) {
            for (int i = 0; i < rows.columns(); i++) {
              assertEquals(expected.f32(r, i), rows.get(r, i), 2e-4, point + " row " + r);
            }
          }
          seen[0]++;
        });
    try {
      forward(prompt.ids(), AttentionLayer.Type.F32);
    } finally {
      transformer.observe(null);
    }
    assertEquals(taps.size(), seen[0]);
  }

  /** Logits of all positions. */
  private static FloatRows forward(int[] ids, AttentionLayer.Type type) {
    try (TextInSteps text = new TextInSteps(transformer, type, 128)) {
      text.compute(ids, 0, LogitsNeed.all());
      return transformer.logits();
    }
  }

  private static int argmax(FloatRows logits) {
    int best = 0;
    for (int v = 1; v < logits.columns(); v++) {
      if (logits.get(0, v) > logits.get(0, best)) {
        best = v;
      }
    }
    return best;
  }
}
