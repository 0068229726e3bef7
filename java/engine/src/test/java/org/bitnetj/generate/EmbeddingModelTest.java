package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.kv.BlockTable;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.Pooling;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.testing.Golden;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EmbeddingModelTest {
  private static final String TEXT =
      "Once upon a time there was a ferryman who counted 17 boats, and then he slept until noon.";

  @TempDir Path folder;

  /** The states that a transformer shows after its last norm, one for each token. */
  private static double[][] states(int[] ids) throws IOException {
    double[][] states = new double[ids.length][];
    Kernels kernels = KernelSelection.choose(null).kernels();
    try (GgufFile file = GgufFile.open(Golden.MODEL);
        ThreadTeam team = new ThreadTeam(1);
        Weights weights = Weights.load(file, kernels, team);
        Transformer transformer = new Transformer(weights, kernels, team, ids.length, ids.length);
        BlockPool pool = transformer.newCache(AttentionLayer.Type.F16, 1 << 28)) {
      BlockTable table = pool.newTable(ids.length);
      transformer.observe(
          (point, rows, count) -> {
            for (int r = 0; r < count && point.equals("final_norm"); r++) {
              states[r] = new double[rows.columns()];
              for (int i = 0; i < rows.columns(); i++) {
                states[r][i] = rows.get(r, i);
              }
            }
          });
      transformer.step().clear();
      transformer.step().add(table, ids, 0, ids.length, 0, LogitsNeed.all());
      transformer.forward();
    }
    return states;
  }

  @ParameterizedTest
  @EnumSource
  void aVectorIsMadeOfTheStatesAfterTheLastNorm(Pooling pooling) throws IOException {
    int[] ids;
    try (LanguageModel language = LanguageModel.load(Golden.MODEL)) {
      ids = language.tokenizer().encodeDocument(TEXT, false);
    }
    double[][] states = states(ids);
    try (EmbeddingModel model =
        EmbeddingModel.load(Golden.MODEL, LoadOptions.defaults(), pooling)) {
      float[] vector = model.embed(TEXT);
      assertEquals(model.info().width(), vector.length);
      double squares = 0;
      double[] expected = new double[vector.length];
      for (int i = 0; i < expected.length; i++) {
        for (int t = pooling == Pooling.MEAN ? 0 : ids.length - 1; t < ids.length; t++) {
          expected[i] += states[t][i];
        }
        squares += expected[i] * expected[i];
      }
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i] / Math.sqrt(squares), vector[i], 1e-7);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void bitsDoNotDependOnOtherTextsOrThreads(Pooling pooling) throws IOException {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 37; i++) {
      texts.add(TEXT.substring(0, 3 + 2 * i) + i);
    }
    List<float[]> alone = new ArrayList<>();
    LoadOptions one = LoadOptions.defaults().withThreads(1).withBatchSize(8);
    try (EmbeddingModel model = EmbeddingModel.load(Golden.MODEL, one, pooling)) {
      texts.forEach(text -> alone.add(model.embed(text)));
    }
    LoadOptions two = LoadOptions.defaults().withThreads(2);
    try (EmbeddingModel model = EmbeddingModel.load(Golden.MODEL, two, pooling)) {
      List<float[]> together = model.embed(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertArrayEquals(alone.get(i), together.get(i));
      }
    }
  }

  /** In two blocks of 256 positions. */
  @ParameterizedTest
  @EnumSource
  void textsThatFitTheMemoryOneByOneAreEmbedded(Pooling pooling) throws IOException {
    long block;
    try (GgufFile file = GgufFile.open(Golden.MODEL)) {
      ModelSpec spec = file.spec();
      block = 256L * (spec.layers() * 2L * spec.kvHeads() * spec.headDim() * 2 + Integer.BYTES);
    }
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      texts.add(TEXT.substring(i).repeat(i % 3 == 0 ? 12 : 1));
    }
    LoadOptions options = LoadOptions.defaults().withHead(HeadMode.FULL);
    try (EmbeddingModel model = EmbeddingModel.load(Golden.MODEL, options, pooling);
        EmbeddingModel small =
            new EmbeddingModel(
                LanguageModel.load(Golden.MODEL, options, 2 * block + block / 2), pooling, 512)) {
      assertTrue(model.countTokens(texts.getFirst()) > 256);
      List<float[]> vectors = small.embed(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertArrayEquals(model.embed(texts.get(i)), vectors.get(i), "text " + i);
      }
    }
  }

  /** Whatever its head is made for. */
  @Test
  void aLoadedModelGivesTheSameBits() throws IOException {
    List<String> texts = List.of(TEXT, TEXT.substring(5), "x");
    try (EmbeddingModel own = EmbeddingModel.load(Golden.MODEL);
        LanguageModel language = LanguageModel.load(Golden.MODEL)) {
      List<float[]> vectors;
      try (EmbeddingModel shared = EmbeddingModel.of(language)) {
        assertEquals(own.pooling(), shared.pooling());
        vectors = shared.embed(texts);
        assertArrayEquals(vectors.getFirst(), shared.embed(shared.encode(TEXT)));
        assertThrows(IllegalArgumentException.class, () -> shared.embed(new int[] {1, 1 << 30}));
        assertThrows(IllegalArgumentException.class, () -> shared.embed(new int[] {-1}));
      }
      for (int i = 0; i < vectors.size(); i++) {
        assertArrayEquals(own.embed(texts.get(i)), vectors.get(i), texts.get(i));
      }
      try (Session session = language.openSession()) {
        session.generate("It is still open"); // closing the embeddings has not closed it
      }
    }
  }

  @Test
  void textsThatCannotBeEmbeddedSaySo() throws IOException {
    try (EmbeddingModel model = EmbeddingModel.load(Golden.MODEL)) {
      String tooLong = "word ".repeat(model.info().contextLength() + 1);
      assertThrows(ContextOverflowException.class, () -> model.embed(tooLong));
      assertThrows(ContextOverflowException.class, () -> model.embed(List.of("a", tooLong, "b")));
    }
  }

  @Test
  void textsLongerThanTheModelEmbedsAreRefused() throws IOException {
    LanguageModel language = LanguageModel.load(Golden.MODEL);
    int tokens = language.tokenizer().encodeDocument(TEXT, false).length;
    try (EmbeddingModel model = new EmbeddingModel(language, Pooling.MEAN, tokens)) {
      assertEquals(tokens, model.maxTokens());
      assertEquals(model.info().width(), model.embed(TEXT).length);
      String sentence =
          assertThrows(ContextOverflowException.class, () -> model.embed(TEXT + TEXT)).getMessage();
      assertTrue(sentence.contains("max_seq_length is " + tokens + "; shorten"), sentence);
    }
  }

  @Test
  void similarityIsTheCosine() {
    assertEquals(1, EmbeddingModel.similarity(new float[] {1, 2}, new float[] {2, 4}), 1e-12);
    assertEquals(0, EmbeddingModel.similarity(new float[] {1, 0}, new float[] {0, 3}));
    assertThrows(
        IllegalArgumentException.class,
        () -> EmbeddingModel.similarity(new float[1], new float[2]));
  }

  private Path withPooling(int type) throws IOException {
    Path path = folder.resolve("pooling" + type + ".gguf");
    try (GgufFile file = GgufFile.open(Golden.MODEL)) {
      GgufHeader header = new GgufHeader();
      file.metadata().keys().forEach(key -> header.copy(file, key));
      header.u32(file.family() + ".pooling_type", type);
      for (Tensor tensor : file.tensors()) {
        long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
        header.tensor(tensor.name(), tensor.format(), dims);
      }
      try (GgufWriter writer = GgufWriter.create(path, header)) {
        for (Tensor tensor : file.tensors()) {
          writer.begin(tensor.name());
          writer.write(tensor.data());
        }
        writer.commit();
      }
    }
    return path;
  }

  /** llama.cpp's numbers. */
  @Test
  void theFileSaysHowItsModelIsPooled() throws IOException {
    for (int type : new int[] {0, 1, 3}) {
      List<String> warnings = new ArrayList<>();
      LoadOptions options = LoadOptions.defaults().withWarnings(warnings::add);
      try (EmbeddingModel model = EmbeddingModel.load(withPooling(type), options)) {
        assertEquals(type == 1 ? Pooling.MEAN : Pooling.LAST, model.pooling());
        assertEquals(type == 0, warnings.stream().anyMatch(w -> w.contains("--pooling")));
      }
    }
    Path first = withPooling(2);
    String message =
        assertThrows(ModelFileException.class, () -> EmbeddingModel.load(first)).getMessage();
    assertTrue(message.contains("pooling_type' is 2"), message);
    EmbeddingModel.load(first, LoadOptions.defaults(), Pooling.MEAN).close();
    LanguageModel.load(first).close(); // generates all the same
  }

  @ParameterizedTest
  @EnumSource
  void anInterruptEndsIt(Pooling pooling) throws IOException {
    try (EmbeddingModel model =
        EmbeddingModel.load(Golden.MODEL, LoadOptions.defaults(), pooling)) {
      float[] whole = model.embed(TEXT);
      Thread.currentThread().interrupt();
      assertThrows(IllegalStateException.class, () -> model.embed(TEXT));
      assertThrows(IllegalStateException.class, () -> model.embed(List.of(TEXT, "Another.")));
      assertTrue(Thread.interrupted());
      assertArrayEquals(whole, model.embed(TEXT));
    }
  }

  /** More tokens than one step takes. */
  @Test
  void aLongTextTakesSeveralSteps() throws IOException {
    LoadOptions small = LoadOptions.defaults().withBatchSize(5);
    try (EmbeddingModel one = EmbeddingModel.load(Golden.MODEL);
        EmbeddingModel several = EmbeddingModel.load(Golden.MODEL, small)) {
      assertArrayEquals(one.embed(TEXT), several.embed(TEXT));
    }
  }
}
