package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintTest {
  @TempDir private Path folder;

  private Path file(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  @Test
  void everyPartOfASplitModelCounts() throws IOException {
    Path first = file("m-00001-of-00003.gguf", "one");
    Path second = file("m-00002-of-00003.gguf", "two");
    file("m-00003-of-00003.gguf", "three");
    String before = Fingerprint.of(first, "");
    assertEquals(before, Fingerprint.of(second, ""), "whichever part is named");
    file("m-00003-of-00003.gguf", "other");
    assertNotEquals(before, Fingerprint.of(first, ""));
  }

  @Test
  void otherModelsInTheFolderDoNotCount() throws IOException {
    Path model = file("m.gguf", "one");
    String before = Fingerprint.of(model, "");
    file("n.gguf", "two");
    file("m-00001-of-00002.gguf", "three");
    assertEquals(before, Fingerprint.of(model, ""));
    file("kernel_config.ini", "four");
    assertNotEquals(before, Fingerprint.of(model, ""));
  }

  @Test
  void whatLiesBesideSafetensorsCounts() throws IOException {
    Path model = file("model.safetensors", "one");
    file("config.json", "{}");
    String before = Fingerprint.of(model, "");
    assertEquals(before, Fingerprint.of(folder, ""));
    file("config.json", "{\"a\": 1}");
    assertNotEquals(before, Fingerprint.of(model, ""));
    assertNotEquals(Fingerprint.of(model, "a"), Fingerprint.of(model, "b"));
  }
}
