package org.bitnetj.source.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.Session;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.Tensor;
import org.bitnetj.testing.Golden;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The shipped model in three files, as llama.cpp's gguf-split writes them. */
class SplitFilesTest {
  private static final int PARTS = 3;

  @TempDir Path folder;
  private boolean ofAnotherVersion; // the engine's own layouts, by the first part

  @BeforeEach
  void split() throws Exception {
    for (int part = 0; part < PARTS; part++) {
      write(part, part, PARTS, -1);
    }
  }

  private Path path(int part) {
    return folder.resolve("model-0000%d-of-0000%d.gguf".formatted(part + 1, PARTS));
  }

  /** Writes the part's share of the tensors under its name, and maybe one tensor more. */
  private void write(int part, int number, int count, int more) throws Exception {
    try (GgufFile model = GgufFile.open(Golden.MODEL)) {
      List<Tensor> all = List.copyOf(model.tensors());
      List<Tensor> own = new ArrayList<>();
      for (int i = 0; i < all.size(); i++) {
        if (i * PARTS / all.size() == part || i == more) {
          own.add(all.get(i));
        }
      }
      GgufHeader header = new GgufHeader();
      if (part == 0) {
        model.metadata().keys().forEach(key -> header.copy(model, key));
        if (ofAnotherVersion) {
          header.u32("bitnet.layout.version", 99);
        }
      }
      header.u32("split.no", number).u32("split.count", count);
      header.u32("split.tensors.count", all.size());
      for (Tensor tensor : own) {
        long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
        header.tensor(tensor.name(), tensor.format(), dims);
      }
      Files.deleteIfExists(path(part));
      try (GgufWriter writer = GgufWriter.create(path(part), header)) {
        for (Tensor tensor : own) {
          writer.begin(tensor.name());
          writer.write(tensor.data());
        }
        writer.commit();
      }
    }
  }

  @Test
  void anyOfTheFilesIsTheWholeModel() throws Exception {
    try (GgufFile whole = GgufFile.open(Golden.MODEL)) {
      for (int part = 0; part < PARTS; part++) {
        try (GgufFile file = GgufFile.open(path(part))) {
          assertEquals(path(part), file.path());
          assertEquals(whole.spec(), file.spec());
          assertEquals(
              whole.tensors().stream().map(Tensor::name).toList(),
              file.tensors().stream().map(Tensor::name).toList());
          for (Tensor tensor : whole.tensors()) {
            assertEquals(-1, tensor.data().mismatch(file.tensor(tensor.name()).data()));
          }
          assertEquals(
              Files.size(path(0)) + Files.size(path(1)) + Files.size(path(2)), file.size());
        }
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void noPartOfAModelThatIsRefusedStaysMapped() throws Exception {
    ofAnotherVersion = true;
    write(0, 0, PARTS, -1);
    String sentence =
        assertThrows(ModelFileException.class, () -> GgufFile.open(path(1))).getMessage();
    assertTrue(sentence.contains("version 99 of the engine's own layouts"), sentence);
    String maps = Files.readString(Path.of("/proc/self/maps"));
    assertFalse(maps.contains(folder.toRealPath().toString()), maps);
  }

  @Test
  void itWritesTheSameText() throws Exception {
    int[] expected = text(Golden.MODEL, true);
    assertArrayEquals(expected, text(path(1), true));
    assertArrayEquals(expected, text(path(0), false), "read into memory");
  }

  private static int[] text(Path path, boolean mapped) throws Exception {
    LoadOptions options = LoadOptions.defaults().withThreads(1).withMapped(mapped);
    try (LanguageModel model = LanguageModel.load(path, options);
        Session session = model.openSession()) {
      GenerationOptions greedy = GenerationOptions.greedy().withMaxTokens(12);
      return session
          .generate(
              model.tokenizer().encode("Once upon", false, true), greedy, GenerationListener.NONE)
          .tokens();
    }
  }

  @Test
  void aFileThatIsMissingIsNamed() throws Exception {
    Files.delete(path(2));
    refused("model-00003-of-00003.gguf: there is no such file");
  }

  @Test
  void filesOfOtherNamesAreNotLookedFor() throws Exception {
    Path other = folder.resolve("model.gguf");
    Files.move(path(1), other);
    String message =
        assertThrows(ModelFileException.class, () -> GgufFile.open(other)).getMessage();
    assertTrue(message.contains("number 2 of the 3 files"), message);
    assertTrue(message.contains("-00002-of-00003.gguf"), message);
  }

  @Test
  void filesThatDoNotBelongTogetherAreRefused() throws Exception {
    write(1, 2, PARTS, -1);
    refused("number 3 of 3 files", "number 2 of 3");
    write(1, 1, PARTS + 1, -1);
    refused("number 2 of 4 files", "number 2 of 3");
    write(1, 1, PARTS, 0);
    refused("model-00002-of-00003.gguf", "is in model-00001-of-00003.gguf too");
    write(1, 1, PARTS, -1);
    try (GgufFile whole = GgufFile.open(path(0))) {
      assertEquals(PARTS, whole.bytes().files().size());
    }
    Files.delete(path(2));
    writeWithoutTensors();
    refused("3 files of the model have", "but it should have");
  }

  private void writeWithoutTensors() throws Exception {
    GgufHeader header = new GgufHeader().u32("split.no", 2).u32("split.count", PARTS);
    try (GgufWriter writer = GgufWriter.create(path(2), header)) {
      writer.commit();
    }
  }

  @Test
  void allFilesTogetherMustFitTheMemoryTheyAreReadInto() throws Exception {
    long two = Files.size(path(0)) + Files.size(path(1));
    ModelFileException e =
        assertThrows(
            ModelFileException.class,
            () -> GgufFile.load(path(0), OptionalLong.of(two + 10), LayoutOptions.none()));
    assertTrue(e.getMessage().contains("MiB of memory"), e.getMessage());
    GgufFile.load(path(0), OptionalLong.of(two + Files.size(path(2))), LayoutOptions.none())
        .close();
  }

  private void refused(String... parts) {
    String message =
        assertThrows(ModelFileException.class, () -> GgufFile.open(path(0))).getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void theMetadataOfAnyFileAreThoseOfTheFirst() throws Exception {
    Files.delete(path(2)); // they can be had without all weights
    for (int part = 0; part < 2; part++) {
      try (GgufFile file = GgufFile.openMetadata(path(part))) {
        assertEquals("bitnet-b1.58", file.family());
        assertEquals(path(0), file.path());
      }
    }
  }

  @Test
  void metadataOfAFileThatIsNotTheFirstAreRefused() throws Exception {
    write(0, 2, PARTS, -1);
    assertRefusesMetadata("number 3 of 3 files", "number 1 of 3");
    write(0, 0, PARTS + 1, -1);
    assertRefusesMetadata("number 1 of 4 files", "number 1 of 3");
  }

  private void assertRefusesMetadata(String... parts) {
    String message =
        assertThrows(ModelFileException.class, () -> GgufFile.openMetadata(path(1)).close())
            .getMessage();
    assertTrue(message.startsWith(path(0).toString()), message);
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }
}
