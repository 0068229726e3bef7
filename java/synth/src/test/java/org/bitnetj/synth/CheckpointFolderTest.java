package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.Session;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.huggingface.Checkpoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A model computes the same from a GGUF file and from each kind of Hugging Face checkpoint. */
class CheckpointFolderTest {
  private static final String TEXT = "It's 1234 o'clock,\n  said <|end_of_text|> the ferryman. é";

  @TempDir Path folder;

  /** A random model whose matrices have powers of two as scales, which every form can hold. */
  private Path model(String architecture, boolean tied) throws IOException {
    ModelShape shape =
        new ModelShape("small", architecture, 2, 256, 384, 4, 2, 64, 320, 128, 10000f, 1e-5f, tied);
    Path path = folder.resolve("model.gguf");
    SyntheticModel.of(shape, 7).write(path, (written, size) -> {});
    byte[] bytes = Files.readAllBytes(path);
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    try (GgufFile gguf = GgufFile.open(path)) {
      for (Tensor tensor : gguf.tensors()) {
        if (tensor.format() == SyntheticModel.TERNARY) {
          int at = (int) (tensor.offset() + tensor.data().byteSize() - 32);
          file.putFloat(at, Float.intBitsToFloat(file.getInt(at) & 0x7f800000));
        }
      }
    }
    return Files.write(path, bytes);
  }

  private record Result(int[] ids, float[][] logits) {
    static Result of(Path path) throws IOException {
      return of(path, LoadOptions.defaults().withThreads(2));
    }

    static Result of(Path path, LoadOptions options) throws IOException {
      try (LanguageModel model = LanguageModel.load(path, options);
          Session session = model.openSession()) {
        int[] ids = model.tokenizer().encode(TEXT, true, true);
        float[][] rows = new float[ids.length][];
        session.logits(ids, 0, (position, logits) -> rows[position] = logits.clone());
        return new Result(ids, rows);
      }
    }
  }

  private void computesTheSame(Path gguf, CheckpointFolder.Weights weights) throws IOException {
    Result expected = Result.of(gguf);
    Result actual =
        Result.of(CheckpointFolder.write(folder.resolve(weights.name()), gguf, weights));
    assertArrayEquals(expected.ids, actual.ids);
    for (int i = 0; i < expected.ids.length; i++) {
      assertArrayEquals(expected.logits[i], actual.logits[i], "after token " + i);
    }
  }

  /** Those that rotate adjacent pairs store query and key rows in another order than GGUF. */
  @ParameterizedTest
  @EnumSource
  void aModelComputesTheSame(Architecture family) throws IOException {
    for (CheckpointFolder.Weights weights : CheckpointFolder.Weights.values()) {
      computesTheSame(model(family.label(), family != Architecture.LLAMA), weights);
    }
  }

  /** Embedding models, whose tensors have no prefix and whose floats are rounded by that sign. */
  @ParameterizedTest
  @EnumSource(names = {"QWEN3", "GEMMA3"})
  void aModelWithNormsOfLinearLayersComputesTheSame(Architecture family) throws Exception {
    Path gguf = Rewriting.withInputNorms(model(family.label(), true), folder.resolve("n.gguf"));
    computesTheSame(gguf, CheckpointFolder.Weights.MASTER);
    Path made = folder.resolve("said");
    CheckpointFolder.write(made, gguf, CheckpointFolder.Weights.MASTER);
    try (Checkpoint checkpoint = Checkpoint.open(made, true)) {
      String reading = checkpoint.inspection().readings().getFirst();
      assertTrue(reading.endsWith("because they have norms of their own, as BitLinear has."));
    }
  }

  @Test
  void aCheckpointSaysWhyItsScalesAreWhatTheyAre() throws IOException {
    Path gguf = model("llama", false);
    Path made = CheckpointFolder.write(folder.resolve("d"), gguf, CheckpointFolder.Weights.DIVIDED);
    try (Checkpoint checkpoint = Checkpoint.open(made, true)) {
      assertEquals(
          List.of(
              "14 linear layers are packed digits and are divided by weight_scale, because"
                  + " linear_class is 'bitlinear'."),
          checkpoint.inspection().readings());
    }
    made = CheckpointFolder.write(folder.resolve("t"), gguf, CheckpointFolder.Weights.TERNARY);
    try (Checkpoint checkpoint = Checkpoint.open(made, true)) {
      assertTrue(checkpoint.inspection().readings().getFirst().contains("already"));
    }
  }

  /** As of a GGUF file: {@link org.bitnetj.source.ImpliedScaling}. */
  @Test
  void whetherScalesDifferTellsHowActivationsAreScaled() throws IOException {
    Path gguf = model("llama", false);
    Path made = CheckpointFolder.write(folder.resolve("t"), gguf, CheckpointFolder.Weights.TERNARY);
    List<String> warnings = new ArrayList<>();
    assertEquals(ActivationScaling.ROW, scaling(made));
    Consumer<String> taker =
        warning -> {
          if (warning.contains("--activations")) { // and not of slow kernels
            warnings.add(warning);
          }
        };
    Result.of(made, LoadOptions.defaults().withWarnings(taker));
    assertEquals(1, warnings.size());
    assertTrue(warnings.getFirst().contains("one scale a row"), warnings.getFirst());
    CheckpointFolder.doubleWeights(made, "model.layers.0.self_attn.q_proj.weight", 128);
    assertEquals(ActivationScaling.GROUP, scaling(made));
    warnings.clear();
    Result.of(made, LoadOptions.defaults().withWarnings(taker));
    assertEquals(1, warnings.size());
    assertTrue(warnings.getFirst().contains("one scale a group"), warnings.getFirst());
  }

  private static ActivationScaling scaling(Path made) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(made, true)) {
      return checkpoint.spec().activationScaling();
    }
  }

  /** The first matrix tells that all are ternary by groups. */
  @Test
  void aMatrixThatIsNotTernaryAsTheFirstIsRefused() throws IOException {
    Path gguf = model("llama", false);
    Path made = CheckpointFolder.write(folder.resolve("t"), gguf, CheckpointFolder.Weights.TERNARY);
    CheckpointFolder.doubleWeights(made, "model.layers.1.mlp.up_proj.weight", 8);
    String message = refusal(made);
    assertTrue(message.contains("layers.1.mlp.up_proj.weight"), message);
    assertTrue(message.contains("row 0, columns 0 to 127, are not all -d, 0 or d"), message);
  }

  private Path changed(CheckpointFolder.Weights weights, String from, String to)
      throws IOException {
    Path made = CheckpointFolder.write(folder.resolve("c"), model("llama", false), weights);
    Path config = made.resolve("config.json");
    String text = Files.readString(config);
    assertTrue(text.contains(from));
    Files.writeString(config, text.replace(from, to));
    return made;
  }

  private static String refusal(Path made) {
    return assertThrows(ModelFileException.class, () -> LanguageModel.load(made).close())
        .getMessage();
  }

  /** The weights of a checkpoint with another header, and some bytes after all others. */
  private static Path reheaded(Path made, UnaryOperator<String> change, byte[] more)
      throws IOException {
    Path path = made.resolve("model.safetensors");
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] header = new byte[(int) file.getLong()];
    file.get(header);
    String text = change.apply(new String(header, StandardCharsets.UTF_8).strip());
    byte[] changed = (text + " ".repeat(-text.length() & 7)).getBytes(StandardCharsets.UTF_8);
    Files.write(
        path,
        ByteBuffer.allocate(8 + changed.length + file.remaining() + more.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(changed.length)
            .put(changed)
            .put(file)
            .put(more)
            .array());
    return made;
  }

  /** Adds a tensor after all others. */
  private static Path with(Path made, String name, String type, byte[] data, String shape)
      throws IOException {
    return reheaded(
        made,
        header -> {
          int end = header.lastIndexOf(']');
          int last = Integer.parseInt(header.substring(header.lastIndexOf(',', end) + 1, end));
          return header.substring(0, header.length() - 1)
              + ",\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}}"
                  .formatted(name, type, shape, last, last + data.length);
        },
        data);
  }

  @Test
  void olderNamesBuffersAndCopiesOfTheHeadChangeNothing() throws IOException {
    Path gguf = model("bitnet-b1.58", true);
    Path made = CheckpointFolder.write(folder.resolve("o"), gguf, CheckpointFolder.Weights.DIVIDED);
    float[][] expected = Result.of(made).logits;
    reheaded(
        made,
        header ->
            header
                .replace("attn_sub_norm", "inner_attn_ln")
                .replace("ffn_sub_norm", "ffn_layernorm"),
        new byte[0]);
    with(made, "model.layers.0.self_attn.rotary_emb.inv_freq", "F32", new byte[128], "[32]");
    try (GgufFile file = GgufFile.open(gguf)) {
      byte[] embedding = file.tensor("token_embd.weight").data().toArray(ValueLayout.JAVA_BYTE);
      with(made, "lm_head.weight", "F16", embedding, "[320,256]");
      assertArrayEquals(expected, Result.of(made).logits);
    }
    with(made, "lm_head.bias", "F32", new byte[4], "[1]");
    assertTrue(refusal(made).contains("'lm_head.bias'"));
  }

  @Test
  void packedDigitsNeedAScale() throws IOException {
    Path made =
        CheckpointFolder.write(
            folder.resolve("s"), model("llama", false), CheckpointFolder.Weights.MULTIPLIED);
    reheaded(
        made, header -> header.replace("0.mlp.up_proj.weight_s", "0.mlp.up_proj.s"), new byte[0]);
    String message = refusal(made);
    assertTrue(message.contains("up_proj.weight' is packed, but there is no"), message);
  }

  @Test
  void layersThatAreNotConvertedStayFloats() throws IOException {
    Path made =
        changed(
            CheckpointFolder.Weights.MASTER,
            "\"quant_method\"",
            "\"modules_to_not_convert\":[\"q_proj\",\"lm_head\"],\"quant_method\"");
    try (Checkpoint checkpoint = Checkpoint.open(made, true)) {
      assertEquals(
          List.of(
              "12 linear layers are floats that are rounded to ternary weights by their absmean,"
                  + " because config.json declares BitNet.",
              "2 linear layers are floats that modules_to_not_convert leaves as they are."),
          checkpoint.inspection().readings());
    }
  }

  /** Also where their rows are in another order than in GGUF. */
  @Test
  void layersThatAreNotConvertedComputeAsTheSameFloatsInGguf() throws Exception {
    Path made =
        changed(
            CheckpointFolder.Weights.TERNARY,
            "\"tie_word_embeddings\"",
            "\"quantization_config\":{\"quant_method\":\"bitnet\","
                + "\"modules_to_not_convert\":[\"q_proj\",\"k_proj\"]},\"tie_word_embeddings\"");
    Rewriting floats = new Rewriting(folder.resolve("model.gguf"));
    for (String name : List.of("0.attn_q", "0.attn_k", "1.attn_q", "1.attn_k")) {
      floats.as(WeightFormats.BF16, "blk." + name + ".weight");
    }
    Result expected = Result.of(floats.write(folder.resolve("floats.gguf")));
    assertArrayEquals(expected.logits, Result.of(made).logits);
  }

  @Test
  void floatsThatNobodyDeclaresToBeBitNetAreNotRounded() throws IOException {
    Path made = changed(CheckpointFolder.Weights.MASTER, ",\"quantization_config\"", ",\"other\"");
    String message = refusal(made);
    assertTrue(message.contains("model.safetensors: tensor 'model.layers.0."), message);
    assertTrue(message.contains("this engine does not round other models"), message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"vocab_size\":320>\"vocab_size\":321>model.embed_tokens.weight",
        "\"num_hidden_layers\":2>\"num_hidden_layers\":1>have no such tensor",
        "\"num_hidden_layers\":2>\"num_hidden_layers\":3>model.layers.2.",
        "\"intermediate_size\":384>\"intermediate_size\":256>model.layers.0.mlp.",
        "\"tie_word_embeddings\":false>\"tie_word_embeddings\":true>differs from the embedding",
        "\"model_type\":\"llama\">\"model_type\":\"qwen3\">q_norm.weight' is missing"
      })
  void aConfigurationThatContradictsTheTensorsIsRefused(String change) throws IOException {
    String[] parts = change.split(">");
    String message = refusal(changed(CheckpointFolder.Weights.MULTIPLIED, parts[0], parts[1]));
    assertTrue(message.contains(parts[2]), message);
  }

  @Test
  void aFolderWithoutConfigurationIsRefused() throws IOException {
    assertTrue(refusal(folder).contains("is a directory without config.json"));
    Path file = Files.createFile(folder.resolve("x.safetensors"));
    assertTrue(refusal(file).contains("no config.json beside it"));
  }
}
