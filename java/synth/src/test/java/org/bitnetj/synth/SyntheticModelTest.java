package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bitnetj.convert.Conversion;
import org.bitnetj.convert.ConversionOptions;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.bitnetj.source.gguf.Metadata;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.FloatRows;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SyntheticModelTest {
  private static final ModelShape SMALL =
      new ModelShape("small", "bitnet-b1.58", 3, 256, 384, 4, 2, 320, 512, 10000f, 1e-5f, true);
  private static final SyntheticVocabulary DUMMY = new SyntheticVocabulary.Dummy();

  @TempDir Path folder;

  private Path write(SyntheticModel model) throws IOException {
    Path path = folder.resolve("synthetic.gguf");
    model.write(path, (written, size) -> {});
    return path;
  }

  private static String sha256(Path path) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    return HexFormat.of().formatHex(digest.digest(Files.readAllBytes(path)));
  }

  @Test
  void theSameSeedGivesTheSameBytesAndAnotherSeedOthers() throws Exception {
    String first = sha256(write(SyntheticModel.of(SMALL, 7)));
    assertEquals(first, sha256(write(SyntheticModel.of(SMALL, 7))));
    assertNotEquals(first, sha256(write(SyntheticModel.of(SMALL, 8))));
    assertEquals(
        "c34717096e9687596944a5879a3ba153da51bf5e59e43bd434b742a5031b6055",
        first,
        "the bytes of a seed are for ever");
  }

  @Test
  void theFileHasTheKeysAndTensorsOfThePublishedOne() throws IOException {
    List<Long> progress = new ArrayList<>();
    Path path = folder.resolve("m.gguf");
    SyntheticModel.of(SMALL, 1)
        .write(
            path,
            (written, size) -> {
              progress.add(written);
              assertTrue(written <= size);
            });
    assertEquals(progress.stream().sorted().toList(), progress);
    Path shipped = Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");
    try (GgufFile file = GgufFile.open(path);
        GgufFile published = GgufFile.open(shipped)) {
      assertEquals(file.size(), progress.getLast());
      List<String> keys = new ArrayList<>(published.metadata().keys());
      keys.remove("general.license");
      assertEquals(keys, List.copyOf(file.metadata().keys()));
      List<Tensor> expected = List.copyOf(published.tensors());
      List<Tensor> tensors = List.copyOf(file.tensors());
      assertEquals(2 + 11 * SMALL.layers(), tensors.size());
      for (int i = 0; i < tensors.size() - 1; i++) {
        assertEquals(expected.get(i).name(), tensors.get(i).name());
        assertEquals(expected.get(i).format(), tensors.get(i).format());
        assertEquals(expected.get(i).dims().size(), tensors.get(i).dims().size());
      }
      assertEquals("output_norm.weight", tensors.getLast().name());
      assertEquals(List.of(256L, 320L), file.tensor("token_embd.weight").dims());
      assertEquals(List.of(256L, 128L), file.tensor("blk.2.attn_k.weight").dims());
      assertEquals(List.of(384L, 256L), file.tensor("blk.2.ffn_down.weight").dims());
      Metadata m = file.metadata();
      assertEquals(320, m.integer("bitnet-b1.58.vocab_size"));
      assertEquals(40, m.integer("general.file_type"));
      assertEquals(64, m.integer("bitnet-b1.58.rope.dimension_count"));
    }
  }

  @Test
  void digitsScalesNormsAndEmbeddingFollowTheirDefinition() throws IOException {
    Path path = write(SyntheticModel.of(SMALL, 5));
    try (GgufFile file = GgufFile.open(path)) {
      int index = 0;
      for (Tensor tensor : file.tensors()) {
        SplittableRandom words = new SplittableRandom(CounterRandom.of(5, index).key());
        if (tensor.format() == SyntheticModel.TERNARY) {
          assertDigits(tensor, words, 85);
        } else if (tensor.format() == WeightFormats.F32) {
          for (long i = 0; i < tensor.elements(); i++) {
            float norm = tensor.data().getAtIndex(ValueLayout.JAVA_FLOAT, i);
            assertEquals(0.875f + 0.25f * unit(words.nextLong()), norm);
          }
        } else {
          assertHalves(tensor, words);
        }
        index++;
      }
    }
  }

  private static float unit(long word) {
    return (word >>> 40) / (float) (1 << 24);
  }

  private static void assertHalves(Tensor tensor, SplittableRandom words) {
    assertEquals(WeightFormats.F16, tensor.format());
    double deviation = 2 / Math.sqrt(tensor.columns());
    long word = 0;
    double squares = 0;
    for (long i = 0; i < tensor.elements(); i++) {
      word = i % 4 == 0 ? words.nextLong() : word >>> 16;
      double expected = (((word & 0xFFFF) + 0.5) / 32768 - 1) * deviation * Math.sqrt(3);
      float half = Float.float16ToFloat(tensor.data().getAtIndex(ValueLayout.JAVA_SHORT, i));
      assertEquals(Float.float16ToFloat(Float.floatToFloat16((float) expected)), half);
      squares += half * half;
    }
    assertEquals(deviation, Math.sqrt(squares / tensor.elements()), 0.01 * deviation);
  }

  private static void assertDigits(Tensor tensor, SplittableRandom words, int zeros) {
    long bytes = tensor.elements() / 4;
    int[] counts = new int[4];
    long word = 0;
    for (long i = 0; i < bytes; i++) {
      word = i % 2 == 0 ? words.nextLong() : word >>> 32;
      int packed = tensor.data().get(ValueLayout.JAVA_BYTE, i);
      for (int j = 0; j < 4; j++) {
        int picked = (int) (word >>> 8 * j) & 0xFF;
        int digit = packed >>> 2 * j & 3;
        assertEquals(picked < zeros ? 1 : picked < zeros + (256 - zeros) / 2 ? 0 : 2, digit);
        counts[digit]++;
      }
    }
    assertEquals(0, counts[3]);
    for (int d = 0; d < 3; d++) {
      assertEquals(1 / 3.0, counts[d] / (double) tensor.elements(), 0.02, tensor.name());
    }
    boolean residual = tensor.name().matches(".*(attn_output|ffn_down).*");
    double gain = residual ? 1 / Math.sqrt(2 * SMALL.layers()) : 1;
    double expected = gain / Math.sqrt(tensor.columns() * (256 - zeros) / 256.0);
    float scale = tensor.data().get(ValueLayout.JAVA_FLOAT, bytes);
    assertEquals(expected * (0.875 + 0.25 * unit(words.nextLong())), scale, 1e-6 * expected);
    for (long i = bytes + 4; i < tensor.data().byteSize(); i++) {
      assertEquals(0, tensor.data().get(ValueLayout.JAVA_BYTE, i));
    }
  }

  /** The same file as one of I2_S that is converted, but for the order of its keys. */
  @Test
  void panelsHoldTheWeightsOfOtherTypes() throws IOException {
    Path stored = write(SyntheticModel.of(SMALL, 5));
    Path panels = folder.resolve("panels.gguf");
    SyntheticModel.of(SMALL, 5)
        .inPanels(PanelLayout.FIVE_DIGITS)
        .write(panels, (written, size) -> {});
    try (GgufFile file = GgufFile.open(stored);
        GgufFile other = GgufFile.open(panels)) {
      for (Tensor tensor : file.tensors()) {
        Tensor same = other.tensor(tensor.name());
        if (tensor.format() instanceof TernaryFormat format) {
          TernaryFormat layout = (TernaryFormat) same.format();
          assertEquals("panels1.6", layout.name());
          int columns = (int) tensor.columns();
          byte[] expected = new byte[columns];
          byte[] actual = new byte[columns];
          for (int row = 0; row < tensor.rows(); row++) {
            format.digits(tensor.data(), columns, row, expected);
            layout.digits(same.data(), columns, row, actual);
            assertArrayEquals(expected, actual, tensor.name() + ", row " + row);
          }
          float[] scales = new float[2];
          format.scales(tensor.data(), columns, 0, scales);
          assertEquals(
              Optional.of(scales[0]),
              layout.uniformScale(same.data(), (int) tensor.rows(), columns));
        } else {
          assertEquals(-1, tensor.data().mismatch(same.data()), tensor.name());
        }
      }
    }
  }

  /** A head that is large enough gets a low-bit copy, as a conversion makes it. */
  @Test
  void aLargeHeadOfPanelsHasALowBitCopy() throws IOException {
    ModelShape shape =
        new ModelShape("wide", "bitnet", 1, 256, 320, 4, 2, 64, 140_000, 128, 10000f, 1e-5f, true);
    Path panels = folder.resolve("panels.gguf");
    SyntheticModel.of(shape, 5)
        .inPanels(PanelLayout.FIVE_DIGITS)
        .write(panels, (written, size) -> {});
    Path converted = folder.resolve("converted.gguf");
    ConversionOptions options = ConversionOptions.defaults().withWeights("panels1.6");
    Conversion.convert(write(SyntheticModel.of(shape, 5)), converted, options);
    try (GgufFile made = GgufFile.open(panels);
        GgufFile expected = GgufFile.open(converted)) {
      Tensor copy = made.lowBitHead().orElseThrow();
      assertEquals(-1, copy.data().mismatch(expected.lowBitHead().orElseThrow().data()));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5, 0.9})
  void theShareOfZerosIsAsAsked(double share) throws IOException {
    Path path = write(new SyntheticModel(SMALL, "bitnet-25", 1, share, DUMMY));
    try (GgufFile file = GgufFile.open(path)) {
      Tensor tensor = file.tensor("blk.0.ffn_up.weight");
      int zeros = 0;
      for (long i = 0; i < tensor.elements(); i++) {
        zeros += (tensor.data().get(ValueLayout.JAVA_BYTE, i / 4) >>> i % 4 * 2 & 3) == 1 ? 1 : 0;
      }
      assertEquals(share, zeros / (double) tensor.elements(), 0.01);
      assertEquals("bitnet-25", file.metadata().text("general.architecture"));
      assertEquals(3, file.metadata().integer("bitnet-25.block_count"));
    }
  }

  /** Chunks and threads must not show: a matrix of more than one chunk and an odd rest. */
  @Test
  void bigTensorsAreTheSameStreamThroughout() throws IOException {
    ModelShape wide =
        new ModelShape("wide", "bitnet", 1, 4096, 16640, 32, 32, 300, 64, 1e4f, 1e-5f, true);
    try (GgufFile file = GgufFile.open(write(SyntheticModel.of(wide, 3)))) {
      int index = List.copyOf(file.tensors()).indexOf(file.tensor("blk.0.ffn_gate.weight"));
      Tensor tensor = file.tensor("blk.0.ffn_gate.weight");
      assertTrue(tensor.data().byteSize() > 16 << 20);
      SplittableRandom words = new SplittableRandom(CounterRandom.of(3, index).key());
      long differing = 0;
      for (long i = 0; i < tensor.elements() / 4; i += 2) {
        long word = words.nextLong();
        for (int j = 0; j < 8; j++) {
          int picked = (int) (word >>> 8 * j) & 0xFF;
          int digit = tensor.data().get(ValueLayout.JAVA_BYTE, i + j / 4) >>> j % 4 * 2 & 3;
          differing += digit == (picked < 85 ? 1 : picked < 170 ? 0 : 2) ? 0 : 1;
        }
      }
      assertEquals(0, differing);
    }
  }

  @Test
  void untiedLlamaModelsHaveAHeadAndNoSubNorms() throws IOException {
    ModelShape untied =
        new ModelShape("untied", "llama", 1, 128, 256, 2, 1, 300, 64, 10000f, 1e-5f, false);
    try (GgufFile file = GgufFile.open(write(SyntheticModel.of(untied, 1)))) {
      assertEquals(
          List.of(
              "token_embd.weight",
              "blk.0.attn_norm.weight",
              "blk.0.attn_q.weight",
              "blk.0.attn_k.weight",
              "blk.0.attn_v.weight",
              "blk.0.attn_output.weight",
              "blk.0.ffn_norm.weight",
              "blk.0.ffn_gate.weight",
              "blk.0.ffn_up.weight",
              "blk.0.ffn_down.weight",
              "output_norm.weight",
              "output.weight"),
          file.tensors().stream().map(Tensor::name).toList());
      assertEquals(WeightFormats.F16, file.tensor("output.weight").format());
      assertNotEquals(
          -1,
          file.tensor("output.weight").data().mismatch(file.tensor("token_embd.weight").data()));
    }
  }

  @Test
  void theDummyVocabularyHasEveryByteAndItsEnds() throws IOException {
    try (GgufFile file = GgufFile.open(write(SyntheticModel.of(SMALL, 1)))) {
      Metadata m = file.metadata();
      StringArray tokens = m.findTexts("tokenizer.ggml.tokens").orElseThrow();
      List<String> all = Stream.iterate(0, i -> i + 1).limit(320).map(tokens::get).toList();
      assertEquals(320, tokens.size());
      assertEquals(320, all.stream().distinct().count());
      assertEquals("!", all.get(0));
      assertEquals("Ġ", all.get(220));
      assertEquals(256, all.stream().filter(t -> t.length() == 1).count());
      assertEquals("<|begin_of_text|>", all.get((int) m.integer("tokenizer.ggml.bos_token_id")));
      assertEquals("<|end_of_text|>", all.get((int) m.integer("tokenizer.ggml.eos_token_id")));
      int[] types = m.findIntegers("tokenizer.ggml.token_type").orElseThrow();
      assertEquals(1, types[300]);
      assertEquals(3, types[319]);
      assertEquals("llama-bpe", m.text("tokenizer.ggml.pre"));
      assertEquals(320, m.findFloats("tokenizer.ggml.scores").orElseThrow().length);
    }
    assertThrows(
        IllegalArgumentException.class, () -> write(SyntheticModel.of(SMALL.withVocabulary(9), 1)));
  }

  /** The GPT-2 vocabulary's first 256 tokens are the bytes, in the same order. */
  @Test
  void theByteTokensAreGpt2s() throws IOException {
    Path gpt2 =
        Path.of(System.getProperty("bitnet.shared", ""), "data/tokenizers/ggml-vocab-gpt-2.gguf");
    assumeTrue(Files.exists(gpt2), () -> "no vocabulary at " + gpt2);
    try (GgufFile file = GgufFile.open(write(SyntheticModel.of(SMALL, 1)));
        GgufFile other = GgufFile.open(gpt2)) {
      StringArray tokens = file.metadata().findTexts("tokenizer.ggml.tokens").orElseThrow();
      StringArray expected = other.metadata().findTexts("tokenizer.ggml.tokens").orElseThrow();
      for (int i = 0; i < 256; i++) {
        assertEquals(expected.get(i), tokens.get(i), "token " + i);
      }
    }
  }

  @Test
  void aCopiedVocabularyIsTheOther() throws IOException {
    Path shipped = Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");
    SyntheticVocabulary copied = new SyntheticVocabulary.CopiedFrom(shipped);
    Path path = write(new SyntheticModel(SMALL, "bitnet-b1.58", 1, 0.5, copied));
    try (GgufFile file = GgufFile.open(path);
        GgufFile source = GgufFile.open(shipped)) {
      Metadata m = file.metadata();
      Metadata s = source.metadata();
      List<String> keys = new ArrayList<>(s.keys());
      keys.remove("general.license");
      assertEquals(keys, List.copyOf(m.keys()));
      StringArray tokens = m.findTexts("tokenizer.ggml.tokens").orElseThrow();
      StringArray expected = s.findTexts("tokenizer.ggml.tokens").orElseThrow();
      assertEquals(expected.size(), tokens.size());
      for (int i = 0; i < tokens.size(); i++) {
        assertArrayEquals(expected.bytes(i), tokens.bytes(i));
      }
      assertEquals(tokens.size(), m.integer("bitnet-b1.58.vocab_size"));
      assertEquals(tokens.size(), file.tensor("token_embd.weight").rows());
    }
  }

  @Test
  void aFileWithoutAVocabularyIsRefused() throws IOException {
    Path empty = folder.resolve("empty.gguf");
    try (GgufWriter writer = GgufWriter.create(empty, new GgufHeader())) {
      writer.commit();
    }
    SyntheticModel model =
        new SyntheticModel(SMALL, "bitnet", 1, 0.5, new SyntheticVocabulary.CopiedFrom(empty));
    String message = assertThrows(ModelFileException.class, () -> write(model)).getMessage();
    assertTrue(message.contains("tokenizer.ggml.tokens"), message);
  }

  @Test
  void unknownArchitecturesAndSharesAreRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> new SyntheticModel(SMALL, "mamba", 1, 0.5, DUMMY));
    assertThrows(
        IllegalArgumentException.class,
        () -> new SyntheticModel(SMALL, "bitnet", 1, Double.NaN, DUMMY));
    assertThrows(
        IllegalArgumentException.class, () -> new SyntheticModel(SMALL, "bitnet", 1, 1, DUMMY));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bitnet-b1.58", "bitnet"})
  void theEngineComputesLogitsOfTheStatedSize(String architecture) throws Exception {
    Path path = write(new SyntheticModel(SMALL, architecture, 1, 1 / 3.0, DUMMY));
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(1);
        Weights weights = Weights.load(file, new ScalarKernels(), team);
        Transformer transformer = new Transformer(weights, new ScalarKernels(), team, 8, 8);
        BlockPool cache = transformer.newCache(AttentionLayer.Type.F16, 1 << 20)) {
      int[] ids = IntStream.range(0, 8).map(i -> 40 * i).toArray();
      transformer.step().add(cache.newTable(8), ids, 0, 8, 0, LogitsNeed.all());
      transformer.forward();
      FloatRows logits = transformer.logits();
      double squares = 0;
      for (int r = 0; r < 8; r++) {
        for (int v = 0; v < 320; v++) {
          squares += logits.get(r, v) * logits.get(r, v);
        }
      }
      assertEquals(2, Math.sqrt(squares / (8 * 320)), 0.4);
    }
  }
}
