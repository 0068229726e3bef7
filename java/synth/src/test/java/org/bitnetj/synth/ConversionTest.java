package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.Stream;
import org.bitnetj.convert.Conversion;
import org.bitnetj.convert.ConversionOptions;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.TernaryEncoder;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.generate.EmbeddingModel;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.Session;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.bitnetj.tokenizer.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConversionTest {
  private static final Path SHIPPED =
      Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");
  private static final ConversionOptions OPTIONS = ConversionOptions.defaults();

  private static final String MADE = "made.gguf";

  @TempDir Path folder;

  private final List<String> warnings = new ArrayList<>();

  static Stream<String> weightTypes() {
    return ConversionOptions.weightTypes().stream();
  }

  /** Those that hold any ternary weights. */
  static Stream<String> ternaryTypes() {
    return weightTypes().filter(type -> !type.equals("q1_0") && !type.startsWith("stq1_0"));
  }

  static Stream<String> headTypes() {
    return ConversionOptions.headTypes().stream();
  }

  private Path convert(Path source, ConversionOptions options) throws ModelFileException {
    return convert(source, MADE, options);
  }

  private Path convert(Path source, String name, ConversionOptions options)
      throws ModelFileException {
    Path made = folder.resolve(name);
    Conversion.convert(source, made, options.withWarnings(warnings::add));
    return made;
  }

  private String refusal(Path source, ConversionOptions options) {
    String sentence =
        assertThrows(ModelFileException.class, () -> convert(source, options)).getMessage();
    assertFalse(Files.exists(folder.resolve(MADE)));
    return sentence;
  }

  private Path synthetic(String architecture, TernaryEncoder weights, boolean groupScales)
      throws ModelFileException {
    ModelShape shape =
        new ModelShape("s", architecture, 2, 256, 512, 4, 2, 64, 320, 128, 10000f, 1e-5f, false);
    Path path = folder.resolve("source.gguf");
    SyntheticModel.of(shape, 7)
        .in(weights, groupScales, SyntheticModel.HEAD)
        .write(path, (written, size) -> {});
    return path;
  }

  private static float[][] logits(Path path) throws IOException {
    try (LanguageModel model =
            LanguageModel.load(
                path, LoadOptions.defaults().withThreads(2).withWarnings(warning -> {}));
        Session session = model.openSession()) {
      int[] ids = {1, 17, 300, 4, 290};
      float[][] rows = new float[ids.length][];
      session.logits(ids, 0, (position, logits) -> rows[position] = logits.clone());
      return rows;
    }
  }

  private static void assertSameLogits(Path expected, Path actual) throws IOException {
    float[][] rows = logits(expected);
    float[][] others = logits(actual);
    for (int i = 0; i < rows.length; i++) {
      assertArrayEquals(rows[i], others[i], actual + ", after token " + i);
    }
  }

  /** All tensors but the padding of I2_S, and all keys. */
  private static void assertSameContent(Path expected, Path actual) throws IOException {
    try (GgufFile one = GgufFile.open(expected);
        GgufFile other = GgufFile.open(actual)) {
      assertEquals(one.metadata().keys(), other.metadata().keys());
      for (String key : one.metadata().keys()) {
        assertEquals(one.metadata().describe(key), other.metadata().describe(key));
      }
      List<Tensor> tensors = List.copyOf(other.tensors());
      assertEquals(one.tensors().size(), tensors.size());
      int i = 0;
      for (Tensor tensor : one.tensors()) {
        Tensor same = tensors.get(i++);
        assertEquals(tensor.name(), same.name());
        assertEquals(tensor.format(), same.format(), tensor.name());
        assertEquals(-1, content(tensor).mismatch(content(same)), tensor.name());
      }
    }
  }

  private static MemorySegment content(Tensor tensor) {
    long padding = tensor.format() == WeightFormats.I2_S ? 28 : 0;
    return tensor.data().asSlice(0, tensor.data().byteSize() - padding);
  }

  // Ternary weights

  /** The scales of the shipped model are float16 numbers. */
  @ParameterizedTest
  @MethodSource("ternaryTypes")
  void theShippedModelStaysTheSameInEveryTypeAndComesBack(String type) throws IOException {
    Path made = convert(SHIPPED, OPTIONS.withWeights(type));
    assertSameLogits(SHIPPED, made);
    assertSameContent(SHIPPED, convert(made, "back.gguf", OPTIONS.withWeights("i2_s")));
    assertEquals(List.of(), warnings);
  }

  private static boolean hasFloat32Scales(String type) {
    return Set.of("i2_s", "iq2_bn", "iq2_bn_r4").contains(type);
  }

  @ParameterizedTest
  @MethodSource("ternaryTypes")
  void scalesAreRoundedWithAWarningWhereATypeHasFloat16Alone(String type) throws IOException {
    Path source = synthetic("bitnet", WeightFormats.I2_S, false);
    boolean holds = hasFloat32Scales(type);
    try (GgufFile before = GgufFile.open(source);
        GgufFile after = GgufFile.open(convert(source, OPTIONS.withWeights(type)))) {
      assertEquals(before.tensors().size(), after.tensors().size());
      for (Tensor tensor : before.tensors()) {
        if (tensor.format() instanceof TernaryFormat) {
          float scale = uniform(tensor);
          float expected = holds ? scale : Float.float16ToFloat(Float.floatToFloat16(scale));
          assertEquals(expected, uniform(after.tensor(tensor.name())), tensor.name());
        }
      }
    }
    assertEquals(holds ? 0 : 1, warnings.size(), type);
    if (!holds) {
      String warning = warnings.getFirst();
      assertTrue(warning.startsWith("14 scales were rounded to float16, by up to one part in "));
    }
  }

  @ParameterizedTest
  @MethodSource("ternaryTypes")
  void exactScalesAreTensorsBesideTheWeightsAndComeBack(String type) throws IOException {
    Path source = synthetic("bitnet", WeightFormats.I2_S, false);
    ConversionOptions exact = OPTIONS.withExactScales(true);
    Path made = convert(source, exact.withWeights(type));
    assertSameLogits(source, made);
    assertSameContent(source, convert(made, "back.gguf", exact.withWeights("i2_s")));
    try (GgufFile file = GgufFile.open(made)) {
      assertEquals(hasFloat32Scales(type), file.find("blk.1.ffn_up.scale").isEmpty(), type);
    }
    assertEquals(List.of(), warnings);
  }

  private static float uniform(Tensor tensor) {
    return ((TernaryFormat) tensor.format())
        .uniformScale(tensor.data(), (int) tensor.rows(), (int) tensor.columns())
        .orElseThrow();
  }

  @Test
  void weightsThatATypeCannotHoldAreRefusedByTheirName() throws IOException {
    String zeros = refusal(SHIPPED, OPTIONS.withWeights("q1_0"));
    assertTrue(zeros.startsWith(SHIPPED + ": tensor 'blk.0."), zeros);
    assertTrue(zeros.endsWith(" has weights of 0, of which Q1_0 has none; choose a ternary type."));
    String four = refusal(SHIPPED, OPTIONS.withWeights("stq1_0:43"));
    assertTrue(four.contains("four weights of which not exactly one is 0"), four);
    ModelShape narrow =
        new ModelShape("n", "bitnet", 1, 128, 256, 2, 1, 300, 64, 10000f, 1e-5f, true);
    Path small = folder.resolve("small.gguf");
    SyntheticModel.of(narrow, 1).write(small, (written, size) -> {});
    String blocks = refusal(small, OPTIONS.withWeights("tq2_0"));
    assertTrue(
        blocks.contains("has rows of 128 elements, but TQ2_0 stores them in blocks"), blocks);
  }

  @Test
  void codesThatAreDamageAreNotMadeWeights() throws IOException {
    Path source = synthetic("llama", WeightFormats.I2_S, false);
    byte[] bytes = Files.readAllBytes(source);
    try (GgufFile file = GgufFile.open(source)) {
      bytes[(int) file.tensor("blk.1.attn_v.weight").offset()] = (byte) 0xff;
    }
    Files.write(source, bytes);
    String sentence = refusal(source, OPTIONS.withWeights("q2_0"));
    assertTrue(sentence.contains("'blk.1.attn_v.weight' has a weight of +2"), sentence);
  }

  @Test
  void differentScalesGoWhereThereIsRoomForThemAndNowhereElse() throws IOException {
    Path source = synthetic("qwen3", WeightFormats.PQ2_0, true);
    assertSameLogits(source, convert(source, OPTIONS.withWeights("ptq1_0")));
    assertSameContent(
        withKey(source), convert(folder.resolve(MADE), "b.gguf", OPTIONS.withWeights("pq2_0")));
    assertEquals(1, warnings.size(), warnings::toString); // of the guess of activations alone
    convert(source, OPTIONS.withWeights("q2_0"));
    assertTrue(warnings.getLast().contains("products are summed by the groups of columns"));
    Files.delete(folder.resolve(MADE));
    String one = refusal(source, OPTIONS.withWeights("i2_s"));
    assertTrue(one.contains("choose pq2_0, ptq1_0 or q2_0, or, if the model was trained"), one);
    ConversionOptions trained = OPTIONS.withActivations(ActivationScaling.ROW);
    String many = refusal(source, trained.withWeights("i2_s"));
    assertTrue(
        many.endsWith(
            "has different scales for groups of 128 columns, but I2_S has one for a matrix; choose"
                + " another type: q2_0, q2_0_g128, pq2_0."),
        many);
    String row = refusal(source, trained.withWeights("iq2_bn"));
    assertTrue(row.contains("IQ2_BN has one for each row"), row);
    String wide = refusal(source, trained.withWeights("tq2_0"));
    assertTrue(wide.contains("TQ2_0 has one for 256 columns"), wide);
  }

  /** The source as a conversion to its own types writes it: with the key of activations. */
  private Path withKey(Path source) throws ModelFileException {
    List<String> said = List.copyOf(warnings);
    Path path = convert(source, "key.gguf", OPTIONS.withWeights("pq2_0"));
    warnings.clear();
    warnings.addAll(said);
    return path;
  }

  @Test
  void whatWasGuessedOfActivationsIsSaidInTheNewFile() throws IOException {
    Path source = synthetic("llama", WeightFormats.TQ2_0, true);
    for (ActivationScaling scaling : ActivationScaling.values()) {
      try (GgufFile file = GgufFile.open(convert(source, OPTIONS.withActivations(scaling)))) {
        assertEquals(scaling.label(), file.metadata().text("bitnet.activation_scaling"));
        assertEquals(scaling, file.spec().activationScaling());
        assertFalse(file.guessesActivations());
      }
    }
    assertEquals(List.of(), warnings);
    convert(source, OPTIONS);
    assertTrue(warnings.getFirst().contains("the new file will say one scale a group"));
    String sentence =
        assertThrows(
                ModelFileException.class,
                () -> convert(SHIPPED, OPTIONS.withActivations(ActivationScaling.GROUP)))
            .getMessage();
    assertTrue(sentence.contains("were trained with one activation scale a row"), sentence);
  }

  @Test
  void weightsThatStayAsTheyAreMustFitTheActivationsToo() throws IOException {
    Path source = synthetic("llama", WeightFormats.I2_S, false);
    ConversionOptions groups = OPTIONS.withActivations(ActivationScaling.GROUP);
    for (ConversionOptions options : List.of(groups, groups.withWeights("i2_s"))) {
      String sentence = refusal(source, options);
      assertTrue(sentence.contains("it needs groups too, which I2_S does not have"), sentence);
    }
  }

  @Test
  void aKeyOfActivationsThatIsNotKnownIsRefused() throws Exception {
    Path source = synthetic("llama", WeightFormats.I2_S, false);
    Path odd =
        new Rewriting(source)
            .keys(header -> header.text("bitnet.activation_scaling", "column"))
            .write(folder.resolve("odd.gguf"));
    try (GgufFile file = GgufFile.open(odd)) {
      String sentence = assertThrows(ModelFileException.class, file::spec).getMessage();
      assertTrue(sentence.contains("'bitnet.activation_scaling' is 'column'"), sentence);
    }
  }

  // Floats

  @ParameterizedTest
  @MethodSource("headTypes")
  void embeddingAndHeadAreWrittenAsAskedAndTheRestStays(String type) throws Exception {
    Path source = synthetic("llama", WeightFormats.I2_S, false);
    Path made = convert(source, OPTIONS.withHead(type));
    FloatFormat format = WeightFormats.labelled(type, WeightFormats.floats());
    try (GgufFile before = GgufFile.open(source);
        GgufFile after = GgufFile.open(made)) {
      for (Tensor tensor : before.tensors()) {
        Tensor same = after.tensor(tensor.name());
        boolean changes = Set.of("token_embd.weight", "output.weight").contains(tensor.name());
        assertEquals(changes ? format : tensor.format(), same.format());
        if (!changes) {
          assertEquals(-1, tensor.data().mismatch(same.data()));
        }
      }
      float[] expected = new float[256];
      float[] actual = new float[256];
      WeightFormats.F16.floats(before.tensor("output.weight").data(), 256, 319, expected, 0);
      format.floats(after.tensor("output.weight").data(), 256, 319, actual, 0);
      for (int c = 0; c < 256; c++) {
        assertEquals(expected[c], actual[c], 0.03f, type + ", column " + c);
      }
    }
    if (type.equals("f32")) {
      assertSameLogits(source, made);
      convert(made, "back.gguf", OPTIONS.withHead("f16"));
      convert(source, "same.gguf", OPTIONS);
      assertSameContent(folder.resolve("same.gguf"), folder.resolve("back.gguf"));
    } else {
      float[][] exact = logits(source);
      float[][] rounded = logits(made);
      for (int i = 0; i < exact.length; i++) {
        assertTrue(EmbeddingModel.similarity(exact[i], rounded[i]) > 0.95, "after token " + i);
      }
    }
  }

  // Containers

  @Test
  void aSplitModelBecomesOneFile() throws Exception {
    List<Path> parts = split(SHIPPED);
    for (Path part : parts) {
      assertSameContent(SHIPPED, convert(part, OPTIONS));
    }
    String sentence =
        assertThrows(
                ModelFileException.class,
                () -> Conversion.convert(parts.getFirst(), parts.getLast(), OPTIONS))
            .getMessage();
    assertTrue(sentence.contains("it is what the model is read from"), sentence);
  }

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

  private List<Path> split(Path model) throws IOException {
    List<Path> paths = new ArrayList<>();
    try (GgufFile file = GgufFile.open(model)) {
      List<Tensor> all = List.copyOf(file.tensors());
      for (int part = 0; part < 2; part++) {
        GgufHeader header = new GgufHeader();
        if (part == 0) {
          file.metadata().keys().forEach(key -> header.copy(file, key));
        }
        header.u32("split.no", part).u32("split.count", 2).u32("split.tensors.count", all.size());
        int middle = all.size() / 2;
        List<Tensor> own = part == 0 ? all.subList(0, middle) : all.subList(middle, all.size());
        for (Tensor tensor : own) {
          header.tensor(
              tensor.name(),
              tensor.format(),
              tensor.dims().stream().mapToLong(Long::longValue).toArray());
        }
        Path path = folder.resolve("model-0000%d-of-00002.gguf".formatted(part + 1));
        try (GgufWriter writer = GgufWriter.create(path, header)) {
          for (Tensor tensor : own) {
            writer.begin(tensor.name());
            writer.write(tensor.data());
          }
          writer.commit();
        }
        paths.add(path);
      }
    }
    return paths;
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
    Path normed = FamiliesTest.withInputNorms(roundScales(gguf), folder.resolve("normed.gguf"));
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
      Path normed = FamiliesTest.withInputNorms(gguf, folder.resolve("normed.gguf"));
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

  /** Names, types and shapes. */
  private static Set<String> tensorsOf(GgufFile file) {
    Set<String> all = new LinkedHashSet<>();
    file.tensors().forEach(t -> all.add(t.name() + " " + t.format().name() + " " + t.dims()));
    return all;
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
          Tokenizer.of(one.vocabulary()).encode(text, false, false),
          Tokenizer.of(other.vocabulary()).encode(text, false, false));
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

  // Files

  @Test
  void anInterruptedConversionLeavesNothing() throws IOException {
    Path source = synthetic("llama", WeightFormats.I2_S, false);
    String before = List.of(folder.toFile().list()).toString();
    String sentence =
        refusal(
            source,
            OPTIONS
                .withWeights("tq2_0")
                .withProgress((written, size) -> Thread.currentThread().interrupt()));
    assertTrue(Thread.interrupted());
    assertTrue(sentence.contains("writing was interrupted; no part of it is left."), sentence);
    assertEquals(before, Arrays.asList(folder.toFile().list()).toString());
  }

  @Test
  void progressEndsWithTheWholeFile() throws IOException {
    List<Long> seen = new ArrayList<>();
    Path made =
        convert(
            SHIPPED,
            OPTIONS
                .withWeights("tq1_0")
                .withProgress(
                    (written, size) -> {
                      seen.add(written);
                      assertTrue(written <= size);
                    }));
    assertEquals(seen.stream().sorted().toList(), seen);
    assertEquals(Files.size(made), seen.getLast());
  }

  @Test
  void theModelIsNeverReplacedByWhatIsMadeOfIt() throws IOException {
    Path source = Files.copy(SHIPPED, folder.resolve("m.gguf"));
    Path link = Files.createSymbolicLink(folder.resolve("l.gguf"), source);
    for (Path target : List.of(source, link)) {
      assertThrows(
          ModelFileException.class,
          () -> Conversion.convert(source, target, OPTIONS.withWeights("tq2_0")));
    }
    assertEquals(-1, Files.mismatch(SHIPPED, source));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tq3_0", "f16", ""})
  void unknownTypesAreRefusedWithTheKnownOnes(String type) {
    String sentence =
        assertThrows(IllegalArgumentException.class, () -> OPTIONS.withWeights(type)).getMessage();
    assertTrue(sentence.contains("choose one of tq1_0, tq2_0, i2_s, q1_0, q2_0,"), sentence);
    assertThrows(IllegalArgumentException.class, () -> OPTIONS.withHead("i2_s"));
  }

  @Test
  void everyNameIsUnique() {
    List<String> names = ConversionOptions.weightTypes();
    assertEquals(names.size(), Set.copyOf(names).size(), names::toString);
    assertTrue(names.containsAll(List.of("stq1_0", "stq1_0:43")));
  }
}
