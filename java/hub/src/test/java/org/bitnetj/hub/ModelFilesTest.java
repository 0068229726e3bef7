package org.bitnetj.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which files of a repository a name means. */
class ModelFilesTest {
  private static Optional<ModelFiles> chosen(String name, String... files) throws HubException {
    return ModelFiles.choose(ModelName.parse(name).orElseThrow(), List.of(files));
  }

  private static String gguf(String name, String... files) throws HubException {
    return String.valueOf(chosen(name, files).orElseThrow().gguf());
  }

  @Test
  void theOnlyGgufIsMeant() throws HubException {
    assertEquals("m.gguf", gguf("a/b", "README.md", "m.gguf", "config.json", "model.safetensors"));
    assertEquals("m.gguf", gguf("a/b", "mmproj-F16.gguf", "imatrix.gguf", "m.gguf"));
    assertEquals("mmproj-F16.gguf", gguf("a/b:mmproj-F16.gguf", "mmproj-F16.gguf", "m.gguf"));
    assertEquals(Optional.empty(), chosen("a/b:n.gguf", "m.gguf"));
    assertEquals(Optional.empty(), chosen("a/b:README.md", "README.md", "m.gguf"));
  }

  @Test
  void amongSeveralTheOnlyTernaryOneIsMeant() throws HubException {
    assertEquals("m-i2_s.gguf", gguf("a/b", "m-f16.gguf", "m-i2_s.gguf"));
    assertEquals("m-TQ2_0.gguf", gguf("a/b", "m-Q4_0.gguf", "m-TQ2_0.gguf", "m-Q8_0.gguf"));
    String sentence =
        assertThrows(HubException.class, () -> chosen("a/b", "m-tq1_0.gguf", "m-tq2_0.gguf"))
            .getMessage();
    assertEquals(
        "a/b has several models; name one, as in 'a/b:m-tq1_0.gguf': m-tq1_0.gguf, m-tq2_0.gguf.",
        sentence);
    assertThrows(HubException.class, () -> chosen("a/b", "m-Q4_0.gguf", "m-Q8_0.gguf"));
  }

  @Test
  void ofAKnownRepositoryTheKnownFileIsMeant() throws HubException {
    assertEquals(
        "Ternary-Bonsai-4B-Q2_0.gguf",
        gguf(
            "prism-ml/Ternary-Bonsai-4B-gguf",
            "Ternary-Bonsai-4B-F16.gguf",
            "Ternary-Bonsai-4B-PQ2_0.gguf",
            "Ternary-Bonsai-4B-Q2_0.gguf"));
    assertEquals("x.gguf", gguf("prism-ml/Ternary-Bonsai-4B-gguf", "x.gguf"));
  }

  @Test
  void partsAreOneModel() throws HubException {
    String[] parts = {"m-00001-of-00002.gguf", "m-00002-of-00002.gguf"};
    assertEquals(List.of(parts), chosen("a/b", parts).orElseThrow().files());
    assertEquals(List.of(parts), chosen("a/b:" + parts[1], parts).orElseThrow().files());
    assertEquals(Optional.empty(), chosen("a/b", parts[0]));
    assertEquals(Optional.empty(), chosen("a/b", parts[1]));
    assertEquals("m-00001-of-99999.gguf", gguf("a/b", "m-00001-of-99999.gguf"));
  }

  @Test
  void aCheckpointIsInTheRoot() throws HubException {
    String[] files = {"config.json", "model.safetensors", "tokenizer.model", "onnx/config.json"};
    assertEquals(
        List.of("config.json", "tokenizer.model", "model.safetensors"),
        chosen("a/b", files).orElseThrow().files());
    assertEquals(
        List.of("config.json", "model.safetensors"),
        chosen("a/b:model.safetensors", "m.gguf", "config.json", "model.safetensors")
            .orElseThrow()
            .files());
    assertEquals(Optional.empty(), chosen("a/b", "config.json", "tokenizer.json"));
    assertEquals(Optional.empty(), chosen("a/b", "model.safetensors"));
    assertEquals(Optional.empty(), chosen("a/b", "README.md", "pytorch_model.bin", "config.json"));
  }
}
