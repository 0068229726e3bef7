package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.bitnetj.convert.Conversion;
import org.bitnetj.convert.ConversionOptions;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.option.I2sLayout;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.I2sMatrix;
import org.bitnetj.testing.RewrittenModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** The shipped model with its I2_S weights in every layout. */
class I2sLayoutsTest {
  private static final LayoutOptions NONE = LayoutOptions.none();

  @TempDir Path folder;

  private Path stray(I2sLayout layout) throws ModelFileException {
    return RewrittenModel.write(
        folder.resolve(layout + ".gguf"),
        WeightFormats.I2_S,
        (digits, scale) -> I2sMatrix.bytes(layout, digits, scale));
  }

  private static List<String> warnings(Path path, LayoutOptions layouts) throws IOException {
    List<String> warnings = new ArrayList<>();
    LoadOptions options = LoadOptions.defaults().withThreads(1).withLayouts(layouts);
    LanguageModel.load(path, options.withKernels("scalar").withWarnings(warnings::add)).close();
    return warnings.stream().filter(w -> w.contains("layout")).toList();
  }

  @ParameterizedTest
  @EnumSource
  void everyLayoutOfI2sComputesTheSameIfItIsNamed(I2sLayout layout) throws IOException {
    Path path = stray(layout);
    OpenLayouts.computesAsShipped(path, NONE.withI2s(layout));
    OpenLayouts.convertsToTheShippedFile(
        path, NONE.withI2s(layout), folder.resolve("converted.gguf"));
    assertEquals(List.of(), warnings(path, NONE.withI2s(layout)));
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "CANONICAL")
  void aLayoutThatWeightsSeemToHaveIsNamedInOneWarning(I2sLayout layout) throws IOException {
    List<String> warnings = warnings(stray(layout), NONE);
    assertEquals(1, warnings.size(), "" + warnings);
    assertTrue(warnings.getFirst().contains("use --i2s-layout " + layout.label()), "" + warnings);
    assertEquals(List.of(), warnings(stray(layout), NONE.withI2s(I2sLayout.CANONICAL)));
    List<String> converting = new ArrayList<>();
    Conversion.convert(
        stray(layout),
        folder.resolve("as-it-is.gguf"),
        ConversionOptions.defaults().withWarnings(converting::add));
    assertEquals(warnings, converting);
  }

  @Test
  void theShippedModelIsRead() throws IOException {
    assertEquals(List.of(), warnings(Golden.MODEL, NONE));
    try (GgufFile file = GgufFile.open(Golden.MODEL)) {
      List<String> readings = file.inspection().readings();
      assertEquals(2, readings.size(), "" + readings);
      assertTrue(
          readings.getFirst().startsWith("I2_S weights are read in the layout 'canonical', which"),
          readings.getFirst());
      assertTrue(readings.get(1).contains("correlated in them by canonical 0."), readings.get(1));
    }
    try (GgufFile file = GgufFile.open(stray(I2sLayout.ARM), NONE.withI2s(I2sLayout.ARM))) {
      assertEquals(
          "I2_S weights are read in the layout 'arm', as was asked for.",
          file.inspection().readings().getFirst());
      assertEquals("I2_S_ARM", file.inspection().tensors().get(2).type());
    }
  }

  @Test
  void whatIsNoTrainedModelSaysNothingOfItsLayout() throws IOException {
    for (I2sLayout layout : I2sLayout.values()) {
      Path path = shuffled(layout);
      assertEquals(List.of(), warnings(path, NONE), "" + layout);
    }
  }

  /** Random weights. */
  private Path shuffled(I2sLayout layout) throws ModelFileException {
    SplittableRandom random = new SplittableRandom(layout.ordinal());
    return RewrittenModel.write(
        folder.resolve("random-" + layout + ".gguf"),
        WeightFormats.I2_S,
        (digits, scale) -> {
          byte[] bytes = new byte[digits.length * digits[0].length / 4];
          for (int i = 0; i < bytes.length; i++) {
            for (int place = 0; place < 4; place++) {
              bytes[i] |= (byte) (random.nextInt(3) << 2 * place);
            }
          }
          return OpenLayouts.withScale(bytes, bytes.length + 32, scale);
        });
  }
}
