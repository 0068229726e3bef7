package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bitnetj.convert.Conversion;
import org.bitnetj.convert.ConversionOptions;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.TernaryEncoder;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.Session;
import org.bitnetj.source.gguf.GgufFile;
import org.junit.jupiter.api.io.TempDir;

/** Conversions into a folder of a test, and what is compared of them. */
abstract class ConvertedModels {
  static final Path SHIPPED =
      Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");
  static final ConversionOptions OPTIONS = ConversionOptions.defaults();

  static final String MADE = "made.gguf";

  @TempDir Path folder;

  final List<String> warnings = new ArrayList<>();

  Path convert(Path source, ConversionOptions options) throws ModelFileException {
    return convert(source, MADE, options);
  }

  Path convert(Path source, String name, ConversionOptions options) throws ModelFileException {
    Path made = folder.resolve(name);
    Conversion.convert(source, made, options.withWarnings(warnings::add));
    return made;
  }

  String refusal(Path source, ConversionOptions options) {
    String sentence =
        assertThrows(ModelFileException.class, () -> convert(source, options)).getMessage();
    assertFalse(Files.exists(folder.resolve(MADE)));
    return sentence;
  }

  Path synthetic(String architecture, TernaryEncoder weights, boolean groupScales)
      throws ModelFileException {
    ModelShape shape =
        new ModelShape("s", architecture, 2, 256, 512, 4, 2, 64, 320, 128, 10000f, 1e-5f, false);
    Path path = folder.resolve("source.gguf");
    SyntheticModel.of(shape, 7)
        .in(weights, groupScales, SyntheticModel.HEAD)
        .write(path, (written, size) -> {});
    return path;
  }

  static float[][] logits(Path path) throws IOException {
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

  static void assertSameLogits(Path expected, Path actual) throws IOException {
    float[][] rows = logits(expected);
    float[][] others = logits(actual);
    for (int i = 0; i < rows.length; i++) {
      assertArrayEquals(rows[i], others[i], actual + ", after token " + i);
    }
  }

  /** Names, types and shapes. */
  static Set<String> tensorsOf(GgufFile file) {
    Set<String> all = new LinkedHashSet<>();
    file.tensors().forEach(t -> all.add(t.name() + " " + t.format().name() + " " + t.dims()));
    return all;
  }
}
