package org.bitnetj.source.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.Session;
import org.bitnetj.generate.SessionOptions;
import org.bitnetj.option.CacheType;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.Npy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shipped model in its other forms, where they are. */
class CheckpointTest {
  private static Path shared(String name) {
    Path path = Path.of(System.getProperty("bitnet.shared", "")).resolve("data/model/" + name);
    assumeTrue(Files.exists(path), () -> "skipped: no file " + path);
    return path;
  }

  private static float[][] logits(Path path, boolean mapped, int[] ids) throws IOException {
    float[][] rows = new float[ids.length][];
    try (LanguageModel model =
            LanguageModel.load(path, LoadOptions.defaults().withMapped(mapped).withThreads(2));
        Session session =
            model.openSession(SessionOptions.defaults().withCacheType(CacheType.F32))) {
      session.logits(ids, 0, (position, logits) -> rows[position] = logits.clone());
    }
    return rows;
  }

  /** Its scales are bfloat16 in both, and so is what embedding and norms are in neither. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void thePackedCheckpointComputesWhatTheGgufFileDoes(boolean mapped) throws IOException {
    Path packed = shared("hf-packed");
    int[] ids = Golden.prompts().get(2).ids();
    float[][] expected = logits(Golden.MODEL, mapped, ids);
    float[][] actual = logits(packed, mapped, ids);
    for (int i = 0; i < ids.length; i++) {
      assertArrayEquals(expected[i], actual[i]);
    }
    float[][] single = logits(packed.resolve("model.safetensors"), mapped, ids);
    assertArrayEquals(expected[ids.length - 1], single[ids.length - 1]);
  }

  @Test
  void masterWeightsComputeWhatAnotherImplementationMakesOfThem() throws IOException {
    for (int index : new int[] {1, 2, 8}) {
      int[] ids = Golden.prompts().get(index).ids();
      Npy expected =
          Npy.parse(Files.readAllBytes(shared("golden/logits_master_0" + index + ".npy")));
      float[][] actual = logits(shared("hf-bf16"), true, ids);
      double total = 0;
      for (int i = 0; i < ids.length; i++) {
        for (int v = 0; v < actual[i].length; v++) {
          double difference = Math.abs(expected.f32(i, v) - actual[i][v]);
          assertTrue(difference <= Golden.tolerance("max_abs"), index + ": " + difference);
          total += difference;
        }
      }
      assertTrue(total / (ids.length * actual[0].length) <= Golden.tolerance("mean_abs"));
    }
  }

  @Test
  void aCheckpointSaysHowItsLinearLayersWereRead() throws IOException {
    try (Checkpoint packed = Checkpoint.open(shared("hf-packed"), true);
        Checkpoint master = Checkpoint.open(shared("hf-bf16"), true)) {
      assertEquals(
          List.of(
              "42 linear layers are packed digits and are multiplied by weight_scale, because"
                  + " linear_class is 'autobitlinear'."),
          packed.inspection().readings());
      assertEquals(
          List.of(
              "42 linear layers are floats that are rounded to ternary weights by their absmean,"
                  + " because config.json declares BitNet."),
          master.inspection().readings());
    }
  }
}
