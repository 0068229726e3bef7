package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bitnetj.error.KernelTierException;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.testing.Golden;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LanguageModelTest {
  private static final LoadOptions SCALAR =
      LoadOptions.defaults().withKernels("scalar").withThreads(1);
  private static final GenerationOptions GREEDY = GenerationOptions.greedy().withMaxTokens(8);

  @Test
  void theShippedModelLoadsWithoutOptions() throws IOException {
    try (LanguageModel model = LanguageModel.load(Golden.MODEL);
        Session session = model.openSession()) {
      assertEquals(Golden.MODEL, model.path());
      assertEquals(Runtime.getRuntime().availableProcessors(), model.threads());
      assertEquals(model.info().contextLength(), session.context());
      assertTrue(model.bytesPerToken() > model.info().vocabulary());
    }
  }

  @Test
  void optionsAreFollowedAndChangeNoText() throws IOException {
    String expected;
    try (LanguageModel model = LanguageModel.load(Golden.MODEL, SCALAR);
        Session session = model.openSession()) {
      assertEquals("scalar", model.kernels());
      assertEquals(1, model.threads());
      expected = session.generate("The cat", GREEDY, GenerationListener.NONE).text();
    }
    LoadOptions others = LoadOptions.defaults().withThreads(3).withBatchSize(1);
    try (LanguageModel model = LanguageModel.load(Golden.MODEL, others);
        Session session = model.openSession(SessionOptions.defaults().withContext(64))) {
      assertEquals(3, model.threads());
      assertEquals(64, session.context());
      assertEquals(expected, session.generate("The cat", GREEDY, GenerationListener.NONE).text());
    }
  }

  @Test
  void aModelSaysWhatItIs() throws IOException {
    LanguageModel model = LanguageModel.load(Golden.MODEL, SCALAR);
    String said = model.toString();
    assertTrue(
        said.matches(
            ".+ \\(bitnet-b1.58, \\d+ layers of width \\d+, context \\d+, scalar kernels, 1"
                + " thread\\)"),
        said);
    assertEquals(said + ", pooled by the last token", EmbeddingModel.of(model).toString());
    model.close();
    assertEquals(said, model.toString());
  }

  @Test
  void whatHappensToAFileThatIsNotMappedDoesNotMatter(@TempDir Path folder) throws IOException {
    String expected;
    try (LanguageModel model = LanguageModel.load(Golden.MODEL, SCALAR);
        Session session = model.openSession()) {
      expected = session.generate("The cat", GREEDY, GenerationListener.NONE).text();
    }
    Path copy = Files.copy(Golden.MODEL, folder.resolve("copy.gguf"));
    try (LanguageModel model = LanguageModel.load(copy, SCALAR.withMapped(false));
        Session session = model.openSession()) {
      Files.writeString(copy, "shortened");
      assertEquals(expected, session.generate("The cat", GREEDY, GenerationListener.NONE).text());
    }
  }

  @Test
  void unusableFilesAndKernelsAreRefused(@TempDir Path folder) throws IOException {
    assertThrows(IOException.class, () -> LanguageModel.load(folder.resolve("none.gguf")));
    Path text = Files.writeString(folder.resolve("text.gguf"), "no model");
    ModelFileException refusal =
        assertThrows(ModelFileException.class, () -> LanguageModel.load(text));
    assertTrue(refusal.getMessage().contains(text.toString()), refusal.getMessage());
    assertThrows(
        KernelTierException.class,
        () -> LanguageModel.load(Golden.MODEL, LoadOptions.defaults().withKernels("fast")));
    assertThrows(IllegalArgumentException.class, () -> LoadOptions.defaults().withThreads(-1));
    assertThrows(IllegalArgumentException.class, () -> LoadOptions.defaults().withThreads(1025));
    assertThrows(IllegalArgumentException.class, () -> LoadOptions.defaults().withBatchSize(0));
    assertThrows(IllegalArgumentException.class, () -> SessionOptions.defaults().withContext(-2));
  }

  @Test
  void aClosedModelSaysSo() throws IOException {
    LanguageModel model = LanguageModel.load(Golden.MODEL, SCALAR);
    Session session = model.openSession();
    model.close();
    model.close();
    String sentence = "This model is closed; load it again.";
    assertEquals(sentence, refusal(model::openSession));
    assertEquals(sentence, refusal(() -> session.generate("The cat", GREEDY, p -> {})));
    session.close();
  }

  private static String refusal(org.junit.jupiter.api.function.Executable use) {
    return assertThrows(IllegalStateException.class, use).getMessage();
  }

  @Test
  void closingUnderRunningSessionsEndsThemInOrder() throws Exception {
    for (int round = 0; round < 5; round++) {
      LanguageModel model = LanguageModel.load(Golden.MODEL, SCALAR.withThreads(2));
      try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
        CountDownLatch running = new CountDownLatch(3);
        GenerationOptions endless = GREEDY.withMaxTokens(400).withIgnoreEnd(true);
        Future<?>[] texts = new Future<?>[3];
        for (int i = 0; i < texts.length; i++) {
          texts[i] =
              threads.submit(
                  () -> {
                    Session session = model.openSession();
                    return session.generate("The cat", endless, piece -> running.countDown());
                  });
        }
        running.await();
        model.close();
        for (Future<?> text : texts) {
          ExecutionException end = assertThrows(ExecutionException.class, text::get);
          assertInstanceOf(IllegalStateException.class, end.getCause());
        }
      }
    }
  }
}
