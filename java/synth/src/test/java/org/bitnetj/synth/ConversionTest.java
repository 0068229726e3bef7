package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.bitnetj.convert.Conversion;
import org.bitnetj.convert.ConversionOptions;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.generate.EmbeddingModel;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** GGUF files of GGUF files, in every type. */
class ConversionTest extends ConvertedModels {
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
    return Set.of("i2_s", "iq2_bn", "iq2_bn_r4", "panels", "panels1.6").contains(type);
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
  void theKernelConfigThatIsNamedIsNotReplaced() throws IOException {
    Path tiles = Files.writeString(folder.resolve("tiles.ini"), "tiles");
    ConversionOptions options = OPTIONS.withLayouts(LayoutOptions.none().withKernelConfig(tiles));
    String sentence =
        assertThrows(ModelFileException.class, () -> Conversion.convert(SHIPPED, tiles, options))
            .getMessage();
    assertTrue(sentence.contains("it is what the model is read from"), sentence);
    assertEquals("tiles", Files.readString(tiles));
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
