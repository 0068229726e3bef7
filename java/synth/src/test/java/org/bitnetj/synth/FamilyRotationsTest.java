package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Queries and keys of every family are rotated as a plain implementation in double does it. */
class FamilyRotationsTest extends FamilyTestCase {
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
}
