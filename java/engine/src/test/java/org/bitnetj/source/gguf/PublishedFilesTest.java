package org.bitnetj.source.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files made by other projects' writers, and the shipped model. */
class PublishedFilesTest {
  private static GgufFile vocabulary(String name) throws IOException {
    Path path = Path.of(System.getProperty("bitnet.shared", "")).resolve("data/tokenizers", name);
    assumeTrue(Files.exists(path), () -> "no vocabulary at " + path);
    return GgufFile.open(path);
  }

  @Test
  void readsTheShippedModel() throws IOException {
    Path path = Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");
    try (GgufFile file = GgufFile.open(path)) {
      Metadata m = file.metadata();
      String arch = m.text("general.architecture");
      int layers = (int) m.integer(arch + ".block_count");
      long width = m.integer(arch + ".embedding_length");
      assertEquals(2 + 11 * layers, file.tensors().size());
      assertEquals(
          m.findTexts("tokenizer.ggml.tokens").orElseThrow().size(),
          file.tensor("token_embd.weight").rows());
      long end = 0;
      for (Tensor tensor : file.tensors()) {
        end = Math.max(end, tensor.offset() + tensor.data().byteSize());
        if (tensor.format() instanceof TernaryFormat format) {
          float[] scale = new float[1];
          format.scales(tensor.data(), (int) tensor.columns(), 0, scale);
          assertTrue(scale[0] > 0 && scale[0] < 10, tensor.name() + " has the scale " + scale[0]);
        }
      }
      assertEquals(file.size(), end);
      assertEquals(width, file.tensor("output_norm.weight").columns());
    }
  }

  @Test
  void readsTheOfficialVocabulary() throws IOException {
    try (GgufFile file = vocabulary("bitnet-2b-4t-vocab-as-official.gguf")) {
      Metadata m = file.metadata();
      StringArray tokens = m.findTexts("tokenizer.ggml.tokens").orElseThrow();
      assertEquals(128256, tokens.size());
      assertEquals("!", tokens.get(0));
      assertEquals("<|begin_of_text|>", tokens.get((int) m.integer("tokenizer.ggml.bos_token_id")));
      assertEquals("<|reserved_special_token_250|>", tokens.get(128255));
      StringArray merges = m.findTexts("tokenizer.ggml.merges").orElseThrow();
      assertEquals(280147, merges.size());
      assertEquals("Ġ Ġ", merges.get(0));
      assertEquals(128256, m.findFloats("tokenizer.ggml.scores").orElseThrow().length);
      int[] types = m.findIntegers("tokenizer.ggml.token_type").orElseThrow();
      assertEquals(128256, types.length);
      assertEquals(3, types[128255]);
      assertEquals(1e-5f, (float) m.number("bitnet-b1.58.attention.layer_norm_rms_epsilon"));
      assertEquals(0, file.tensors().size());
      for (String key : m.keys()) {
        assertTrue(m.describe(key).length() < 600, key);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ggml-vocab-qwen2.gguf",
        "ggml-vocab-llama-spm.gguf",
        "ggml-vocab-gpt-2.gguf",
        "tiny-stories-vocab.gguf"
      })
  void readsOtherVocabularies(String name) throws IOException {
    try (GgufFile file = vocabulary(name)) {
      Metadata m = file.metadata();
      StringArray tokens = m.findTexts("tokenizer.ggml.tokens").orElseThrow();
      assertEquals(tokens.size(), m.findIntegers("tokenizer.ggml.token_type").orElseThrow().length);
      assertTrue(tokens.get(tokens.size() - 1).length() > 0);
      assertTrue(m.integer("tokenizer.ggml.eos_token_id") < tokens.size());
    }
  }
}
