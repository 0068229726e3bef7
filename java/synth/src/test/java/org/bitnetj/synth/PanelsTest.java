package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitnetj.convert.ConversionOptions;
import org.bitnetj.error.KernelTierException;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.MappedFormat;
import org.bitnetj.format.TernaryEncoder;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.Session;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.model.Weights;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models in the engine's own layouts are used where they are mapped, and compute the same. */
class PanelsTest extends ConvertedModels {
  private static final ConversionOptions PANELS =
      OPTIONS.withWeights("panels").withLowBitHead(HeadMode.SCREENED);

  private static final ConversionOptions DENSE = PANELS.withSparse(false);
  private static final ConversionOptions SMALL = PANELS.withWeights(ConversionOptions.PANELS_1_6);
  private static final ConversionOptions SMALLEST = SMALL.withSparse(false);

  /** Those that run here. */
  private static List<String> tiers() {
    List<String> labels = new ArrayList<>();
    for (KernelTier tier : KernelTier.values()) {
      try {
        KernelSelection.choose(tier.label());
        labels.add(tier.label());
      } catch (KernelTierException e) {
        // not on this machine
      }
    }
    assertTrue(labels.contains("scalar"));
    return labels;
  }

  private static LoadOptions load(String tier, HeadMode head) {
    return LoadOptions.defaults()
        .withThreads(2)
        .withKernels(tier)
        .withHead(head)
        .withWarnings(warning -> {});
  }

  /** Every logit of some tokens, and the text that follows them by the screened head. */
  private record Answer(float[][] logits, int[] text) {
    void requireSame(Answer other, String where) {
      for (int i = 0; i < logits.length; i++) {
        assertArrayEquals(logits[i], other.logits[i], where + ", after token " + i);
      }
      assertArrayEquals(text, other.text, where);
    }
  }

  private static Answer answer(Path path, LoadOptions options) throws IOException {
    int[] ids = {1, 17, 300, 4, 290};
    float[][] rows = new float[ids.length][];
    try (LanguageModel model = LanguageModel.load(path, options)) {
      try (Session session = model.openSession()) {
        session.logits(ids, 0, (position, logits) -> rows[position] = logits.clone());
      }
      try (Session session = model.openSession()) {
        GenerationOptions greedy = GenerationOptions.greedy().withMaxTokens(12);
        return new Answer(rows, session.generate(ids, greedy, GenerationListener.NONE).tokens());
      }
    }
  }

  private Path model(ModelShape shape, TernaryEncoder weights, boolean groupScales)
      throws ModelFileException {
    Path path = folder.resolve("source.gguf");
    SyntheticModel.of(shape, 7)
        .in(weights, groupScales, SyntheticModel.HEAD)
        .write(path, (written, size) -> {});
    return path;
  }

  private static ModelShape shape(String family, boolean tied) {
    return new ModelShape("s", family, 2, 256, 512, 4, 2, 64, 320, 128, 10000f, 1e-5f, tied);
  }

  /** Feed-forward networks are not a multiple of a panel's rows, a block's columns or a line. */
  private static ModelShape odd(String family) {
    return new ModelShape("o", family, 2, 80, 200, 5, 1, 16, 307, 128, 10000f, 1e-5f, false);
  }

  static Stream<Arguments> models() {
    return Stream.of(
        Arguments.of(shape("bitnet-b1.58", true), WeightFormats.I2_S, false),
        Arguments.of(shape("bitnet-b1.58", false), WeightFormats.TQ2_0, true),
        Arguments.of(odd("bitnet-b1.58"), WeightFormats.I2_S, false),
        Arguments.of(shape("bitnet", false), WeightFormats.IQ2_BN_R4, false),
        Arguments.of(shape("llama", false), WeightFormats.I2_S, false),
        Arguments.of(odd("llama"), WeightFormats.I2_S, false),
        Arguments.of(shape("llama", true), WeightFormats.TQ2_0, true),
        Arguments.of(shape("qwen3", true), WeightFormats.PQ2_0, true),
        Arguments.of(shape("qwen3", false), WeightFormats.Q2_0, true),
        Arguments.of(shape("qwen3", false), WeightFormats.Q1_0, false));
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyTierComputesTheSame(ModelShape shape, TernaryEncoder weights, boolean groupScales)
      throws IOException {
    Path source = model(shape, weights, groupScales);
    Path made = convert(source, PANELS);
    Answer expected = answer(source, load("scalar", HeadMode.FULL));
    for (String tier : tiers()) {
      for (HeadMode head : List.of(HeadMode.FULL, HeadMode.SCREENED)) {
        LoadOptions options = load(tier, head);
        String where = tier + ", " + head;
        expected.requireSame(answer(made, options), where);
        expected.requireSame(answer(made, options.withSparse(false)), where + ", dense");
        expected.requireSame(answer(made, options.withMapped(false)), where + ", not mapped");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyTierComputesTheSameFromFiveDigitsAByte(
      ModelShape shape, TernaryEncoder weights, boolean groupScales) throws IOException {
    Path source = model(shape, weights, groupScales);
    Answer expected = answer(source, load("scalar", HeadMode.FULL));
    Path small = convert(source, SMALL);
    Path smallest = convert(source, "smallest.gguf", SMALLEST);
    Path dense = convert(source, "dense.gguf", DENSE);
    for (String tier : tiers()) {
      LoadOptions options = load(tier, HeadMode.SCREENED);
      expected.requireSame(answer(small, options), tier);
      expected.requireSame(answer(small, options.withSparse(false)), tier + ", dense");
      expected.requireSame(answer(smallest, options), tier + ", all in panels");
      expected.requireSame(answer(smallest, options.withMapped(false)), tier + ", not mapped");
      expected.requireSame(answer(dense, options), tier + ", all in panels of two bits");
    }
  }

  /** What cannot be five digits a byte, with digits of 3 or scales by groups, has two bits. */
  @Test
  void eachMatrixHasTheSmallestLayoutThatHoldsIt() throws IOException {
    assertEquals(Set.of("panels1.6", "rows2", "columns2"), layouts("bitnet-b1.58", false, SMALL));
    assertEquals(Set.of("panels1.6"), layouts("bitnet-b1.58", false, SMALLEST));
    assertEquals(Set.of("panels2"), layouts("bitnet-b1.58", false, DENSE));
    assertEquals(Set.of("panels1.6"), layouts("llama", false, SMALL));
    assertEquals(Set.of("panels2"), layouts("qwen3", true, SMALL));
  }

  private Set<String> layouts(String family, boolean groupScales, ConversionOptions options)
      throws IOException {
    TernaryEncoder stored = groupScales ? WeightFormats.PQ2_0 : WeightFormats.I2_S;
    Path made = convert(model(shape(family, true), stored, groupScales), options);
    try (GgufFile file = GgufFile.open(made)) {
      return file.tensors().stream()
          .filter(t -> t.format() instanceof MappedFormat)
          .map(t -> t.format().name())
          .collect(Collectors.toSet());
    }
  }

  /** Files that have it in panels of any kind are used as they are, whatever could be skipped. */
  @Test
  void panelsAreUsedInPlaceEvenWhereRowsCouldBeSkipped() throws IOException {
    Path source = model(shape("bitnet-b1.58", false), WeightFormats.I2_S, false);
    Kernels kernels = KernelSelection.choose("auto").kernels();
    for (ConversionOptions options : List.of(DENSE, SMALLEST)) {
      try (ModelSource file = ModelContainer.open(convert(source, options), true);
          ThreadTeam team = new ThreadTeam(2);
          Weights weights = Weights.load(file, kernels, team, HeadMode.SCREENED, true)) {
        assertTrue(weights.residentBytes() < 64 << 10, weights.residentBytes() + " bytes");
        assertEquals(false, weights.isSparse());
      }
    }
  }

  /** Where activations are left open, a user may choose those that the file does not name. */
  @Test
  void anotherActivationScalingComputesTheSame() throws IOException {
    Path source = model(shape("qwen3", true), WeightFormats.PQ2_0, true);
    Path made = convert(source, PANELS);
    LoadOptions rows = load("auto", HeadMode.FULL).withActivations(ActivationScaling.ROW);
    answer(source, rows).requireSame(answer(made, rows), "a scale a row");
    Path one = folder.resolve("one.gguf");
    GroupedModel.write(
        model(shape("qwen3", true), WeightFormats.I2_S, false),
        name -> WeightFormats.PQ2_0,
        false,
        one);
    for (ActivationScaling scaling : ActivationScaling.values()) {
      Path panels = convert(one, PANELS.withActivations(scaling));
      LoadOptions same = load("auto", HeadMode.FULL).withActivations(scaling);
      answer(one, same).requireSame(answer(panels, same), scaling.label());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void everyMatrixIsUsedInPlace(boolean mapped) throws IOException {
    Path made = convert(model(shape("bitnet-b1.58", false), WeightFormats.I2_S, false), PANELS);
    Kernels kernels = KernelSelection.choose("auto").kernels();
    try (ModelSource file = ModelContainer.open(made, mapped);
        ThreadTeam team = new ThreadTeam(2);
        Weights weights = Weights.load(file, kernels, team, HeadMode.SCREENED, true)) {
      long kept = weights.residentBytes() - (mapped ? 0 : bytes(file));
      assertTrue(kept < 64 << 10, () -> kept + " bytes were packed"); // norms alone
      assertEquals(kernels.gainsBySkipping(), weights.isSparse());
      assertNotNull(weights.lowBitHead());
      assertTrue(file.bytes().files().getFirst().holds(weights.lowBitHead().whole()));
    }
    try (ModelSource file = ModelContainer.open(made, true);
        ThreadTeam team = new ThreadTeam(2);
        Weights weights = Weights.load(file, kernels, team, HeadMode.FULL, true)) {
      assertNull(weights.lowBitHead());
    }
  }

  private static long bytes(ModelSource file) {
    return file.tensors().stream()
        .filter(t -> t.dims().size() > 1 || t.format() == WeightFormats.I8)
        .mapToLong(t -> t.data().byteSize())
        .sum();
  }

  @Test
  void theFileNamesTheLayoutsAndAnyReaderCanListIt() throws IOException {
    Path made = convert(model(shape("bitnet-b1.58", true), WeightFormats.I2_S, false), PANELS);
    try (GgufFile file = GgufFile.open(made)) {
      assertEquals(64, file.metadata().integer("general.alignment"));
      assertEquals(1, file.metadata().integer("bitnet.layout.version"));
      assertEquals(
          Set.of("panels2", "rows2", "columns2", "F16", "F32", "I8"),
          file.tensors().stream().map(t -> t.format().name()).collect(Collectors.toSet()));
      for (Tensor tensor : file.tensors()) {
        assertEquals(0, tensor.offset() % 64, tensor.name());
        if (tensor.format() instanceof MappedFormat format) {
          assertEquals("I2_S", format.source());
          assertEquals(24, format.id());
        }
      }
      assertEquals("rows2", file.tensor("blk.1.ffn_up.weight").format().name());
      assertEquals("columns2", file.tensor("blk.1.ffn_down.weight").format().name());
      List<String> readings = file.inspection().readings();
      assertEquals(
          List.of(
              "Ternary weights are in the engine's own layouts, version 1, and are used where they"
                  + " are mapped; they were I2_S."),
          readings);
    }
    Path without = convert(made, "without.gguf", PANELS.withLowBitHead(HeadMode.AUTO));
    try (GgufFile file = GgufFile.open(without)) {
      assertTrue(file.lowBitHead().isEmpty());
      assertTrue(file.find("bitnet.low_bit_head").isEmpty());
    }
  }

  /** What is made of the file again is the same file, and the source's weights come back. */
  @ParameterizedTest
  @MethodSource("models")
  void theWeightsComeBack(ModelShape shape, TernaryEncoder weights, boolean groupScales)
      throws IOException {
    Path source = model(shape, weights, groupScales);
    Path made = convert(source, PANELS);
    Path again = convert(made, "again.gguf", PANELS);
    assertEquals(-1, Files.mismatch(made, again));
    Path smallest = convert(made, "smallest.gguf", SMALLEST);
    assertEquals(-1, Files.mismatch(made, convert(smallest, "two.gguf", PANELS)));
    ConversionOptions back = OPTIONS.withWeights(WeightFormats.label(weights));
    try (GgufFile one = GgufFile.open(source);
        GgufFile other = GgufFile.open(convert(made, "back.gguf", back))) {
      for (Tensor tensor : one.tensors()) {
        Tensor same = other.tensor(tensor.name());
        assertEquals(tensor.format(), same.format(), tensor.name());
        if (tensor.format() instanceof TernaryFormat format) {
          requireSameWeights(tensor, same, format);
        } else {
          assertEquals(-1, tensor.data().mismatch(same.data()), tensor.name());
        }
      }
      assertEquals(one.tensors().size(), other.tensors().size());
      assertTrue(
          other.metadata().keys().stream().noneMatch(key -> key.startsWith("bitnet.layout.")));
    }
  }

  private static void requireSameWeights(Tensor one, Tensor other, TernaryFormat format) {
    int columns = (int) one.columns();
    byte[][] digits = new byte[2][columns];
    float[][] scales = new float[2][format.scaleKind().count(columns)];
    for (int row = 0; row < one.rows(); row++) {
      format.digits(one.data(), columns, row, digits[0]);
      format.digits(other.data(), columns, row, digits[1]);
      assertArrayEquals(digits[0], digits[1], one.name() + ", row " + row);
      format.scales(one.data(), columns, row, scales[0]);
      format.scales(other.data(), columns, row, scales[1]);
      assertArrayEquals(scales[0], scales[1], one.name() + ", row " + row);
    }
  }

  /** The head may become another type on the way: its low-bit copy is one of the new head. */
  @Test
  void theLowBitCopyIsOfTheNewHead() throws IOException {
    Path source = model(shape("llama", false), WeightFormats.I2_S, false);
    Path other = convert(source, "other.gguf", OPTIONS.withHead("q8_0"));
    Path made = convert(source, PANELS.withHead("q8_0"));
    assertEquals(-1, Files.mismatch(made, convert(other, "two.gguf", PANELS)));
    LoadOptions options = load("auto", HeadMode.SCREENED);
    answer(other, options).requireSame(answer(made, options), "screened");
  }

  /** A factor beside a matrix is in its scale. */
  @Test
  void factorsBesideWeightsAreInTheirScales() throws Exception {
    Path source =
        new Rewriting(model(shape("bitnet-b1.58", true), WeightFormats.I2_S, false))
            .with("blk.1.ffn_up.scale", 3f)
            .write(folder.resolve("factor.gguf"));
    Path made = convert(source, PANELS);
    LoadOptions options = load("auto", HeadMode.FULL);
    answer(source, options).requireSame(answer(made, options), "with a factor");
    try (GgufFile file = GgufFile.open(made)) {
      assertTrue(file.find("blk.1.ffn_up.scale").isEmpty());
    }
  }

  // Files that another program wrote, or damaged

  /** A copy of a file, some of its keys and tensors changed. */
  private Path changed(
      Path from,
      int alignment,
      Map<String, Consumer<GgufHeader>> keys,
      Map<String, UnaryOperator<byte[]>> tensors)
      throws ModelFileException {
    Path to = folder.resolve("changed.gguf");
    try (GgufFile file = GgufFile.open(from)) {
      GgufHeader header = new GgufHeader(alignment);
      for (String key : file.metadata().keys()) {
        if (keys.containsKey(key)) {
          keys.get(key).accept(header);
        } else if (!key.equals("general.alignment")) {
          header.copy(file, key);
        }
      }
      Map<String, byte[]> contents = new LinkedHashMap<>();
      for (Tensor tensor : file.tensors()) {
        byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
        bytes = tensors.getOrDefault(tensor.name(), b -> b).apply(bytes);
        contents.put(tensor.name(), bytes);
        boolean raw = tensor.format().id() == WeightFormats.I8.id();
        header.tensor(
            tensor.name(),
            raw ? WeightFormats.I8 : tensor.format(),
            raw
                ? new long[] {bytes.length}
                : tensor.dims().stream().mapToLong(Long::longValue).toArray());
      }
      try (GgufWriter writer = GgufWriter.create(to, header)) {
        for (Map.Entry<String, byte[]> content : contents.entrySet()) {
          writer.begin(content.getKey());
          writer.write(ByteBuffer.wrap(content.getValue()));
        }
        writer.commit();
      }
    }
    return to;
  }

  private String refused(
      Path from, Map<String, Consumer<GgufHeader>> keys, Map<String, UnaryOperator<byte[]>> tensors)
      throws IOException {
    Path path = changed(from, 64, keys, tensors);
    String sentence =
        assertThrows(ModelFileException.class, () -> answer(path, load("auto", HeadMode.SCREENED)))
            .getMessage();
    assertTrue(sentence.startsWith(path + ": "), sentence);
    assertTrue(sentence.endsWith("."), sentence);
    return sentence;
  }

  @Test
  void aFileOfAnotherAlignmentComputesTheSame() throws IOException {
    Path source = model(odd("bitnet-b1.58"), WeightFormats.I2_S, false);
    Path moved = changed(convert(source, PANELS), 32, Map.of(), Map.of());
    try (GgufFile file = GgufFile.open(moved)) {
      assertTrue(file.tensors().stream().anyMatch(t -> t.offset() % 64 != 0));
    }
    Answer expected = answer(source, load("scalar", HeadMode.FULL));
    for (String tier : tiers()) {
      expected.requireSame(answer(moved, load(tier, HeadMode.SCREENED)), tier);
    }
  }

  @Test
  void keysThatDoNotFitAreRefused() throws IOException {
    Path made = convert(model(shape("llama", false), WeightFormats.I2_S, false), PANELS);
    String prefix = "bitnet.layout.";
    assertTrue(
        refused(made, Map.of(prefix + "version", h -> h.u32(prefix + "version", 2)), Map.of())
            .contains("in version 2 of the engine's own layouts, but this engine reads version 1"));
    assertTrue(
        refused(made, Map.of(prefix + "version", h -> {}), Map.of())
            .contains("metadata key 'bitnet.layout.version' is missing"));
    String[] names;
    int[] rows;
    try (GgufFile file = GgufFile.open(made)) {
      rows = file.metadata().findIntegers(prefix + "rows").orElseThrow();
      names = new String[rows.length];
      Arrays.setAll(names, i -> "x" + i);
    }
    int[] fewer = Arrays.copyOf(rows, rows.length - 1);
    assertTrue(
        refused(made, Map.of(prefix + "rows", h -> h.i32s(prefix + "rows", fewer)), Map.of())
            .contains("'bitnet.layout.rows' has 13 elements, but 'bitnet.layout.tensors' has 14"));
    for (int wrong : new int[] {0, -1, 16, 257, Integer.MAX_VALUE}) {
      int[] other = rows.clone();
      other[3] = wrong;
      String sentence =
          refused(made, Map.of(prefix + "rows", h -> h.i32s(prefix + "rows", other)), Map.of());
      assertTrue(sentence.contains("of its layouts"), sentence);
    }
    String[] labels = new String[rows.length];
    Arrays.fill(labels, "panels1");
    assertTrue(
        refused(
                made,
                Map.of(prefix + "layouts", h -> h.texts(prefix + "layouts", List.of(labels))),
                Map.of())
            .contains("is in the layout 'panels1', which is unknown"));
    assertTrue(
        refused(
                made,
                Map.of(prefix + "tensors", h -> h.texts(prefix + "tensors", List.of(names))),
                Map.of())
            .contains("is not in the file"));
    for (int wrong : new int[] {1, 4, -7}) {
      int[] digits = new int[rows.length];
      Arrays.fill(digits, wrong);
      String key = prefix + "largest_digits";
      String sentence = refused(made, Map.of(key, h -> h.i32s(key, digits)), Map.of());
      assertTrue(sentence.contains("has digits up to " + wrong), sentence);
    }
    for (int wrong : new int[] {-2, 7, 100, Integer.MIN_VALUE}) {
      int[] columns = new int[rows.length];
      Arrays.fill(columns, wrong);
      String key = prefix + "scale_columns";
      String sentence = refused(made, Map.of(key, h -> h.i32s(key, columns)), Map.of());
      assertTrue(sentence.contains("has a scale for " + wrong + " columns"), sentence);
    }
    assertTrue(
        refused(
                made,
                Map.of(prefix + "low_bit_head", h -> h.text(prefix + "low_bit_head", "none")),
                Map.of())
            .contains("'none' of its layouts is to be the low-bit copy"));
  }

  @Test
  void bytesThatAreNoWeightsAreRefused() throws IOException {
    Path made = convert(model(odd("bitnet-b1.58"), WeightFormats.I2_S, false), PANELS);
    for (String name : List.of("blk.1.attn_q.weight", "blk.0.ffn_up.weight")) {
      String three = refused(made, Map.of(), Map.of(name, b -> with(b, 5, 3)));
      assertTrue(three.contains("'" + name + "'"), three);
      assertTrue(three.contains("it holds digits above 2"), three);
    }
    String panel = "blk.1.attn_q.weight";
    int row200 = 200 / 16 * (80 / 16 * 64) + 200 % 16 * 4; // of a matrix of as many rows
    String rows = refused(made, Map.of(), Map.of("blk.1.ffn_gate.weight", b -> with(b, row200, 1)));
    assertTrue(rows.contains("its padding is not zero"), rows);
    String columns = refused(made, Map.of(), Map.of("blk.1.ffn_up.weight", b -> with(b, 63, 64)));
    assertTrue(columns.contains("its padding is not zero"), columns);
    String shorter = refused(made, Map.of(), Map.of(panel, b -> Arrays.copyOf(b, b.length - 64)));
    assertTrue(shorter.contains("in the layout 'panels2' a matrix of 80 x 80 takes"), shorter);
    String scale = refused(made, Map.of(), Map.of(panel, b -> floatAt(b, b.length - 4, Float.NaN)));
    assertTrue(scale.contains("its scale is NaN"), scale);
  }

  @Test
  void bytesThatAreNotFiveDigitsAreRefused() throws IOException {
    Path made = convert(model(odd("bitnet-b1.58"), WeightFormats.I2_S, false), SMALLEST);
    for (int value : new int[] {63, 127, 191, 246, 255}) {
      String bad =
          refused(made, Map.of(), Map.of("blk.1.ffn_down.weight", b -> with(b, 70, value)));
      assertTrue(bad.contains("bytes that are no digits"), bad);
    }
    int row200 = 200 / 16 * (80 / 20 * 64) + 200 % 16 * 4; // of a matrix of as many rows
    String rows = refused(made, Map.of(), Map.of("blk.1.ffn_gate.weight", b -> with(b, row200, 1)));
    assertTrue(rows.contains("its padding is not zero"), rows);
  }

  @Test
  void aLowBitCopyThatIsNoneOfTheHeadIsRefused() throws IOException {
    Path made = convert(model(shape("llama", false), WeightFormats.I2_S, false), PANELS);
    String norm =
        refused(
            made,
            Map.of(),
            Map.of("bitnet.low_bit_head", b -> floatAt(b, b.length - 64 * 4, Float.NaN)));
    assertTrue(norm.contains("a scale or norm of its rows is negative, NaN or infinite"), norm);
    String head =
        refused(
            made, Map.of(), Map.of("bitnet.low_bit_head", b -> Arrays.copyOf(b, b.length - 64)));
    assertTrue(head.contains("a low-bit copy of the model's head takes"), head);
  }

  /** Of 307 rows by 208 columns: in the last panel, and behind the columns of every row. */
  @Test
  void aLowBitCopyWhosePaddingIsNotZeroIsRefused() throws IOException {
    ModelShape shape =
        new ModelShape("o", "llama", 2, 208, 200, 13, 1, 16, 307, 128, 10000f, 1e-5f, false);
    Path made = convert(model(shape, WeightFormats.I2_S, false), PANELS);
    answer(made, load("auto", HeadMode.SCREENED));
    int coarse = 20 * 208 / 8 * 64; // panels, blocks and their bytes
    for (int at : List.of(coarse - 1, coarse + 64 - 1, coarse + 306 * 64 + 63)) {
      String padding =
          refused(made, Map.of(), Map.of("bitnet.low_bit_head", b -> with(b, at, 1 << 6)));
      assertTrue(padding.contains("its padding is not zero"), padding);
    }
  }

  private static byte[] with(byte[] bytes, int at, int value) {
    bytes[at] = (byte) value;
    return bytes;
  }

  private static byte[] floatAt(byte[] bytes, int at, float value) {
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(at, value);
    return bytes;
  }

  @Test
  void scalesOfGroupsAndRowsAreChecked() throws IOException {
    Path groups = convert(model(shape("qwen3", true), WeightFormats.PQ2_0, true), PANELS);
    String name = "blk.0.attn_k.weight";
    String half =
        refused(
            groups, Map.of(), Map.of(name, b -> with(with(b, b.length - 1, 124), b.length - 2, 0)));
    assertTrue(half.contains("'" + name + "'") && half.contains("is Infinity"), half);
    Path source = model(shape("bitnet", true), WeightFormats.IQ2_BN, false);
    Path differ = folder.resolve("rows.gguf");
    GroupedModel.write(
        model(shape("bitnet", true), WeightFormats.I2_S, false),
        tensor -> WeightFormats.IQ2_BN,
        differ);
    Path rows = convert(differ, PANELS);
    LoadOptions options = load("auto", HeadMode.FULL);
    answer(differ, options).requireSame(answer(rows, options), "a scale a row");
    String row =
        refused(
            rows, Map.of(), Map.of(name, b -> floatAt(b, b.length - 4, Float.POSITIVE_INFINITY)));
    assertTrue(row.contains("the scale of row 127 is Infinity"), row);
    assertTrue(Files.exists(source));
  }

  @Test
  void filesThatEndEarlyAreRefused() throws IOException {
    Path made = convert(model(odd("llama"), WeightFormats.I2_S, false), PANELS);
    byte[] whole = Files.readAllBytes(made);
    Path part = folder.resolve("part.gguf");
    for (int eighth = 0; eighth < 8; eighth++) {
      Files.write(part, Arrays.copyOf(whole, whole.length / 8 * eighth));
      String sentence =
          assertThrows(
                  ModelFileException.class, () -> answer(part, load("auto", HeadMode.SCREENED)))
              .getMessage();
      assertTrue(sentence.startsWith(part.toString()), sentence);
    }
  }

  /** Any byte of the header may be anything: an answer, or one sentence. */
  @Test
  void noChangeOfTheHeaderCrashes() throws IOException {
    Path made = convert(model(odd("bitnet-b1.58"), WeightFormats.I2_S, false), PANELS);
    byte[] whole = Files.readAllBytes(made);
    int start = new String(whole, StandardCharsets.ISO_8859_1).indexOf("bitnet.layout.version");
    assertTrue(start > 0);
    Path part = folder.resolve("mutated.gguf");
    Random random = new Random(5);
    int refused = 0;
    for (int i = 0; i < 60; i++) {
      byte[] bytes = whole.clone();
      bytes[start + random.nextInt(2500)] = (byte) random.nextInt(256);
      Files.write(part, bytes);
      try {
        answer(part, load("auto", HeadMode.SCREENED));
      } catch (ModelFileException e) {
        refused++;
      }
    }
    assertTrue(refused > 20, refused + " were refused");
  }
}
