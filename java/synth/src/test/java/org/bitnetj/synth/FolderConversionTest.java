package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import org.bitnetj.convert.Conversion;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.generate.EmbeddingModel;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.option.Pooling;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tokenizer.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** GGUF files of the folders of checkpoints. */
class FolderConversionTest extends ConvertedModels {
  @Test
  void noFileInTheFolderOfACheckpointIsReplaced() throws Exception {
    Path checkpoint =
        CheckpointFolder.write(folder.resolve("hf"), SHIPPED, CheckpointFolder.Weights.TERNARY);
    Path config = checkpoint.resolve("config.json");
    byte[] before = Files.readAllBytes(config);
    String sentence =
        assertThrows(
                ModelFileException.class, () -> Conversion.convert(checkpoint, config, OPTIONS))
            .getMessage();
    assertTrue(sentence.contains("it is what the model is read from"), sentence);
    assertArrayEquals(before, Files.readAllBytes(config));
  }

  /** Makes the scales powers of two, which every form of checkpoint can hold. */
  private Path roundScales(Path path) throws IOException {
    byte[] bytes = Files.readAllBytes(path);
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    try (GgufFile gguf = GgufFile.open(path)) {
      for (Tensor tensor : gguf.tensors()) {
        if (tensor.format() == WeightFormats.I2_S) {
          int at = (int) (tensor.offset() + tensor.data().byteSize() - 32);
          file.putFloat(at, Float.intBitsToFloat(file.getInt(at) & 0x7f800000));
        }
      }
    }
    return Files.write(path, bytes);
  }

  @ParameterizedTest
  @EnumSource(
      value = CheckpointFolder.Weights.class,
      names = {"MULTIPLIED", "DIVIDED", "MASTER"})
  void aHuggingFaceFolderComputesTheSameAsTheFileMadeOfIt(CheckpointFolder.Weights weights)
      throws IOException {
    Path gguf = roundScales(synthetic("bitnet-b1.58", WeightFormats.I2_S, false));
    Path checkpoint = CheckpointFolder.write(folder.resolve("hf"), gguf, weights);
    Path made = convert(checkpoint, OPTIONS);
    assertSameLogits(checkpoint, made);
    assertSameLogits(gguf, made);
    try (GgufFile file = GgufFile.open(made);
        GgufFile original = GgufFile.open(gguf)) {
      assertEquals(40, file.metadata().integer("general.file_type"));
      assertEquals(tensorsOf(original), tensorsOf(file));
    }
    assertEquals(List.of(), warnings);
  }

  /** Of Gemma and MiniCPM it is the embedding unless the file says otherwise. */
  @ParameterizedTest
  @EnumSource
  void aFolderWithoutAHeadMustSayThatItIsTheEmbedding(Architecture family) throws IOException {
    ModelShape tied =
        new ModelShape("s", family.label(), 1, 256, 512, 4, 2, 64, 320, 128, 10000f, 1e-5f, true);
    Path gguf = folder.resolve("tied.gguf");
    SyntheticModel.of(tied, 7).write(gguf, (written, size) -> {});
    Path checkpoint =
        CheckpointFolder.write(
            folder.resolve("hf"), roundScales(gguf), CheckpointFolder.Weights.TERNARY);
    Path config = checkpoint.resolve("config.json");
    String said = Files.readString(config);
    assertTrue(said.contains("\"tie_word_embeddings\":true,"), said);
    Files.writeString(config, said.replace("\"tie_word_embeddings\":true,", ""));
    try (ModelSource model = ModelContainer.open(checkpoint, true)) {
      if (family == Architecture.GEMMA3 || family == Architecture.MINICPM) {
        assertEquals(family, model.spec().architecture());
      } else {
        String sentence = assertThrows(ModelFileException.class, model::spec).getMessage();
        assertEquals(
            config
                + ": tie_word_embeddings is missing, which means false, but there is no tensor"
                + " 'lm_head.weight'.",
            sentence);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"GEMMA3", "MINICPM"})
  void aHeadThatIsTheEmbeddingUnlessTheFileSaysOtherwiseMustNotBeAnother(Architecture family)
      throws IOException {
    ModelShape untied =
        new ModelShape("s", family.label(), 1, 256, 512, 4, 2, 64, 320, 128, 10000f, 1e-5f, false);
    Path gguf = folder.resolve("untied.gguf");
    SyntheticModel.of(untied, 7).write(gguf, (written, size) -> {});
    Path checkpoint =
        CheckpointFolder.write(
            folder.resolve("hf"), roundScales(gguf), CheckpointFolder.Weights.TERNARY);
    Path config = checkpoint.resolve("config.json");
    String said = Files.readString(config);
    try (ModelSource model = ModelContainer.open(checkpoint, true)) {
      assertEquals(family, model.spec().architecture(), said);
    }
    Files.writeString(config, said.replace("\"tie_word_embeddings\":false,", ""));
    try (ModelSource model = ModelContainer.open(checkpoint, true)) {
      String sentence = assertThrows(ModelFileException.class, model::spec).getMessage();
      assertTrue(sentence.contains("in config.json is missing, which means true"), sentence);
    }
  }

  /** As embedding models are saved. */
  @Test
  void aFolderThatWasSavedWithoutAHeadNeedsNone() throws Exception {
    ModelShape tied =
        new ModelShape("s", "qwen3", 2, 128, 256, 4, 2, 32, 320, 64, 10000f, 1e-5f, true);
    Path gguf = folder.resolve("tied.gguf");
    SyntheticModel.of(tied, 7).write(gguf, (written, size) -> {});
    Path normed = Rewriting.withInputNorms(roundScales(gguf), folder.resolve("normed.gguf"));
    Path checkpoint =
        CheckpointFolder.write(folder.resolve("hf"), normed, CheckpointFolder.Weights.MASTER);
    Path config = checkpoint.resolve("config.json");
    String said = Files.readString(config);
    for (String other : List.of("", "\"tie_word_embeddings\":false,")) {
      Files.writeString(config, said.replace("\"tie_word_embeddings\":true,", other));
      assertSameLogits(normed, checkpoint);
    }
  }

  /** Whatever the order in which the folder has its query and key rows, and whatever its norms. */
  @ParameterizedTest
  @EnumSource
  void aFolderOfEveryFamilyComputesTheSameAsTheFileMadeOfIt(Architecture family) throws Exception {
    Path gguf = roundScales(synthetic(family.label(), WeightFormats.I2_S, false));
    for (CheckpointFolder.Weights weights :
        new CheckpointFolder.Weights[] {
          CheckpointFolder.Weights.MULTIPLIED, CheckpointFolder.Weights.TERNARY
        }) {
      Path checkpoint = CheckpointFolder.write(folder.resolve("hf-" + weights), gguf, weights);
      Path made = convert(checkpoint, OPTIONS);
      assertSameLogits(checkpoint, made);
      assertSameLogits(gguf, made);
    }
    if (family == Architecture.QWEN3 || family == Architecture.GEMMA3) {
      Path normed = Rewriting.withInputNorms(gguf, folder.resolve("normed.gguf"));
      Path checkpoint =
          CheckpointFolder.write(folder.resolve("own"), normed, CheckpointFolder.Weights.MASTER);
      Path made = convert(checkpoint, OPTIONS);
      assertSameLogits(normed, made);
      assertSameLogits(checkpoint, made);
    }
  }

  /** A model of which the engine does not compute the vectors may still write texts. */
  @Test
  void aPoolingThatIsNotComputedIsLeftOutWithAWarning() throws IOException {
    Path gguf = roundScales(synthetic("bitnet-b1.58", WeightFormats.I2_S, false));
    Path checkpoint =
        CheckpointFolder.write(folder.resolve("hf"), gguf, CheckpointFolder.Weights.MULTIPLIED);
    Files.createDirectory(checkpoint.resolve("1_Pooling"));
    Files.writeString(
        checkpoint.resolve("1_Pooling/config.json"), "{\"pooling_mode_cls_token\":true}");
    assertSameLogits(checkpoint, convert(checkpoint, OPTIONS));
    assertEquals(1, warnings.size());
    assertTrue(warnings.getFirst().contains("pooling_mode_cls_token"), warnings.getFirst());
  }

  @Test
  void theLongestTextThatIsEmbeddedIsNamedInAWarning() throws IOException {
    Path gguf = roundScales(synthetic("bitnet-b1.58", WeightFormats.I2_S, false));
    Path checkpoint =
        CheckpointFolder.write(folder.resolve("hf"), gguf, CheckpointFolder.Weights.MULTIPLIED);
    Files.createDirectory(checkpoint.resolve("1_Pooling"));
    Files.writeString(
        checkpoint.resolve("1_Pooling/config.json"), "{\"pooling_mode_mean_tokens\":true}");
    Files.writeString(checkpoint.resolve("sentence_bert_config.json"), "{\"max_seq_length\":4}");
    String text = "one two three four five six";
    try (EmbeddingModel model = EmbeddingModel.load(checkpoint)) {
      String sentence =
          assertThrows(ContextOverflowException.class, () -> model.embed(text)).getMessage();
      assertTrue(sentence.contains("max_seq_length is 4"), sentence);
    }
    Path converted = convert(checkpoint, OPTIONS);
    assertEquals(1, warnings.size());
    assertTrue(warnings.getFirst().contains("at most 4 tokens (max_seq"), warnings.getFirst());
    try (EmbeddingModel model = EmbeddingModel.load(converted)) {
      assertEquals(Pooling.MEAN, model.pooling());
      assertEquals(model.info().width(), model.embed(text).length);
    }
  }

  /** A checkpoint has no GGUF file, so one beside it is no part of it. */
  @Test
  void aFileInTheFolderIsReplacedByWhatIsMadeOfIt() throws IOException {
    Path gguf = roundScales(synthetic("bitnet-b1.58", WeightFormats.I2_S, false));
    Path checkpoint =
        CheckpointFolder.write(folder.resolve("hf"), gguf, CheckpointFolder.Weights.MULTIPLIED);
    Path made = Files.writeString(checkpoint.resolve("made.gguf"), "old");
    Conversion.convert(checkpoint, made, OPTIONS);
    assertSameLogits(checkpoint, made);
    for (String kept : new String[] {"config.json", "model.safetensors"}) {
      for (Path source : List.of(checkpoint, checkpoint.resolve("model.safetensors"))) {
        Path target = checkpoint.resolve(kept);
        String message =
            assertThrows(
                    ModelFileException.class, () -> Conversion.convert(source, target, OPTIONS))
                .getMessage();
        assertTrue(message.contains("it is what the model is read from"), message);
      }
    }
  }

  /** The words of GGUF for how rotations are scaled, where there are any. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "'rope_type':'linear','factor':2.2",
        "'rope_type':'yarn','factor':4.0,'original_max_position_embeddings':32",
        "'rope_type':'yarn','factor':2.2,'beta_fast':16.1,'beta_slow':2.3",
        "'rope_type':'yarn','factor':2.2,'attention_factor':1.3",
        "'rope_type':'llama3','factor':8.0,'low_freq_factor':1.0,'high_freq_factor':4.0,"
            + "'original_max_position_embeddings':64"
      })
  void scaledRotationsAreSaidInGgufsWords(String scaling) throws IOException {
    Path gguf = roundScales(synthetic("llama", WeightFormats.I2_S, false));
    Path checkpoint = scaled(gguf, scaling);
    Path made = convert(checkpoint, OPTIONS);
    try (ModelSource folder = ModelContainer.open(checkpoint, true);
        GgufFile file = GgufFile.open(made)) {
      assertEquals(folder.spec().rotation(), file.spec().rotation());
    }
    assertSameLogits(checkpoint, made);
    assertFalse(Arrays.deepEquals(logits(gguf), logits(made)));
  }

  /** A checkpoint of that file with its rotations scaled. */
  private Path scaled(Path gguf, String scaling) throws IOException {
    Path checkpoint =
        CheckpointFolder.write(folder.resolve("hf"), gguf, CheckpointFolder.Weights.DIVIDED);
    Path config = checkpoint.resolve("config.json");
    String member = "\"rope_scaling\":{" + scaling.replace('\'', '"') + "},";
    Files.writeString(config, Files.readString(config).replaceFirst("\\{", "{" + member));
    return checkpoint;
  }

  @Test
  void theTokenizerOfAFolderIsThatOfTheFile() throws IOException {
    Path gguf = roundScales(synthetic("bitnet-b1.58", WeightFormats.I2_S, false));
    Path checkpoint =
        CheckpointFolder.write(folder.resolve("hf"), gguf, CheckpointFolder.Weights.DIVIDED);
    Files.writeString(checkpoint.resolve("chat_template.jinja"), "{{ messages[0].content }}");
    Files.writeString(
        checkpoint.resolve("generation_config.json"), "{\"eos_token_id\":[319,300,301]}");
    Path made = convert(checkpoint, OPTIONS);
    try (LanguageModel one = LanguageModel.load(checkpoint);
        LanguageModel other = LanguageModel.load(made);
        GgufFile file = GgufFile.open(made)) {
      for (String text : List.of("It's 1234 o'clock,\n  said", "é ᚠ", "<|end_of_text|>")) {
        Tokenizer tokenizer = other.tokenizer();
        assertArrayEquals(
            one.tokenizer().encode(text, true, true), tokenizer.encode(text, true, true));
      }
      assertEquals("{{ messages[0].content }}", file.chatTemplate().orElseThrow());
      assertEquals("llama-bpe", file.metadata().text("tokenizer.ggml.pre"));
      assertEquals(300, file.metadata().integer("tokenizer.ggml.eot_token_id"));
      assertEquals(301, file.metadata().integer("tokenizer.ggml.eom_token_id"));
      assertEquals(320, file.metadata().findLength("tokenizer.ggml.tokens").getAsInt());
    }
  }

  /** GGUF has words for three. */
  @Test
  void everyTokenThatEndsGenerationEndsItInTheFileToo() throws IOException {
    Path gguf = roundScales(synthetic("bitnet-b1.58", WeightFormats.I2_S, false));
    Path checkpoint =
        CheckpointFolder.write(folder.resolve("hf"), gguf, CheckpointFolder.Weights.DIVIDED);
    Files.writeString(
        checkpoint.resolve("generation_config.json"), "{\"eos_token_id\":[319,300,301,302,303]}");
    Path made = convert(checkpoint, OPTIONS);
    for (Path path : List.of(checkpoint, made, convert(made, "again.gguf", OPTIONS))) {
      try (ModelSource model = ModelContainer.open(path, true)) {
        Set<Integer> ends = Tokenizer.of(model.vocabulary()).endTokens();
        assertTrue(ends.containsAll(Set.of(319, 300, 301, 302, 303)), path + ": " + ends);
      }
    }
  }

  /** GGUF has no words for it. */
  @Test
  void aFileOfAFolderThatNormalizesTextsDoesSoToo() throws IOException {
    Path gguf = roundScales(synthetic("bitnet-b1.58", WeightFormats.I2_S, false));
    Path checkpoint =
        CheckpointFolder.write(folder.resolve("hf"), gguf, CheckpointFolder.Weights.DIVIDED);
    Path json = checkpoint.resolve("tokenizer.json");
    String normalizer = "{\"normalizer\":{\"type\":\"NFC\"},";
    Files.writeString(json, Files.readString(json).replaceFirst("\\{", normalizer));
    assertSameTokens(checkpoint, convert(checkpoint, OPTIONS), "e\u0301");
    assertThrows(
        AssertionError.class, () -> assertSameTokens(checkpoint, gguf, "e\u0301"), "as before");
  }

  /** GGUF has no words for this either. */
  @Test
  void whatTokensAskOfTheTextBesideThemTheyAskInTheFile() throws IOException {
    Path gguf = roundScales(synthetic("bitnet-b1.58", WeightFormats.I2_S, false));
    Path checkpoint =
        CheckpointFolder.write(folder.resolve("hf"), gguf, CheckpointFolder.Weights.DIVIDED);
    Path json = checkpoint.resolve("tokenizer.json");
    String plain = Files.readString(json);
    String special = "\"special\":true";
    assertTrue(plain.contains(special), plain);
    for (String flag : List.of("lstrip", "rstrip", "single_word")) {
      Files.writeString(json, plain.replace(special, special + ",\"" + flag + "\":true"));
      String text = "a <|end_of_text|> b<|end_of_text|>";
      assertSameTokens(checkpoint, convert(checkpoint, OPTIONS), text);
      assertThrows(
          AssertionError.class, () -> assertSameTokens(checkpoint, gguf, text), "as before");
    }
  }

  /** By merges no piece is "bc", which by scores would come first. */
  @Test
  void piecesThatAFolderJoinsByMergesAreJoinedSoInItsFile() throws IOException {
    Path gguf = roundScales(synthetic("bitnet-b1.58", WeightFormats.I2_S, false));
    Path checkpoint =
        CheckpointFolder.write(folder.resolve("hf"), gguf, CheckpointFolder.Weights.DIVIDED);
    StringJoiner pieces = new StringJoiner(",");
    for (int b = 0; b < 256; b++) {
      pieces.add("\"<0x%02X>\":%d".formatted(b, b));
    }
    List<String> words = List.of("<unk>", "a", "b", "c", "ab", "bc", "▁");
    for (int i = 0; i < words.size(); i++) {
      pieces.add("\"" + words.get(i) + "\":" + (256 + i));
    }
    Files.writeString(
        checkpoint.resolve("tokenizer.json"),
        """
        {"added_tokens":[{"id":256,"content":"<unk>","special":true}],
        "normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"},
        "model":{"type":"BPE","unk_token":"<unk>","byte_fallback":true,"fuse_unk":true,
        "vocab":{%s},"merges":["a b"]}}
        """
            .formatted(pieces));
    Files.writeString(checkpoint.resolve("generation_config.json"), "{\"eos_token_id\":256}");
    Path config = checkpoint.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replaceFirst("\"bos_token_id\":\\d+,\"eos_token_id\":\\d+", "\"x\":0"));
    assertSameTokens(checkpoint, convert(checkpoint, OPTIONS), "abc");
  }

  private static void assertSameTokens(Path expected, Path actual, String text) throws IOException {
    try (ModelSource one = ModelContainer.open(expected, true);
        ModelSource other = ModelContainer.open(actual, true)) {
      assertArrayEquals(
          Tokenizer.of(one.vocabulary()).encode(text, true, false),
          Tokenizer.of(other.vocabulary()).encode(text, true, false));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 5000})
  void aTokenizerThatCannotBeRightIsRefusedBeforeAnythingIsWritten(int end) throws IOException {
    Path gguf = roundScales(synthetic("bitnet-b1.58", WeightFormats.I2_S, false));
    Path checkpoint =
        CheckpointFolder.write(folder.resolve("hf"), gguf, CheckpointFolder.Weights.DIVIDED);
    Files.writeString(
        checkpoint.resolve("generation_config.json"), "{\"eos_token_id\":" + end + "}");
    String sentence = refusal(checkpoint, OPTIONS);
    assertTrue(sentence.contains("'eos_token' is " + end), sentence);
    assertTrue(sentence.contains("there are only 320 tokens"), sentence);
  }
}
