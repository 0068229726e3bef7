package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.testing.RewrittenModel;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The shipped model in TL1 and TL2: with their configuration, it computes the same. */
class LookupTablesTest {
  private static final LayoutOptions NONE = LayoutOptions.none();

  @TempDir Path folder;

  private static final String TL1_CONFIG =
      """
      [Kernels_0]
      m = 256
      k = 256
      bm = 64
      bk = 128
      bmm = 64

      [Kernels_1]
      m = 128
      k = 256
      bm = 32
      bk = 32
      bmm = 32

      ; comments and upper case are allowed
      [Kernels_2]
      M: 768
      K: 256
      BM: 256
      BK: 64
      bmm: 32

      [Kernels_3]
      m = 256
      k = 768
      bm = 128
      bk = 256
      bmm = 64
      """;

  private static final String TL2_CONFIG =
      TL1_CONFIG
          .replace("bmm = 64", "bmm = 32")
          .replaceAll("(?i)(bk.*) \\d+", "$1 96")
          .replace("k = 768\nbm = 128\nbk = 96", "k = 768\nbm = 128\nbk = 672");

  /** {@code bm}, {@code bk} and {@code bmm} for a matrix of the shipped model. */
  private static int[] tiles(String config, int rows, int columns) {
    for (String section : config.split("\n\n")) {
      int[] numbers =
          section
              .lines()
              .filter(line -> line.matches(".*[=:].*"))
              .mapToInt(line -> Integer.parseInt(line.replaceAll("\\D", "")))
              .toArray();
      if (numbers[0] == rows && numbers[1] == columns) {
        return new int[] {numbers[2], numbers[3], numbers[4]};
      }
    }
    throw new AssertionError(rows + " x " + columns);
  }

  private static int pair(byte[] digits, int column) {
    return 3 * digits[column] + digits[column + 1];
  }

  private Path tl1() throws ModelFileException {
    return RewrittenModel.write(
        folder.resolve("tl1.gguf"),
        WeightFormats.named("TL1").orElseThrow(),
        (digits, scale) -> {
          int columns = digits[0].length;
          int[] tiles = tiles(TL1_CONFIG, digits.length, columns);
          byte[] bytes = new byte[digits.length * columns / 4];
          int at = 0;
          for (int tileRow = 0; tileRow < digits.length; tileRow += tiles[0]) {
            for (int tileColumn = 0; tileColumn < columns; tileColumn += tiles[1]) {
              for (int strip = tileRow; strip < tileRow + tiles[0]; strip += tiles[2]) {
                int by = 256 / tiles[2];
                for (int block = tileColumn; block < tileColumn + tiles[1]; block += by) {
                  for (int part = strip; part < strip + tiles[2]; part += 16) {
                    for (int c = block; c < block + by; c += 4) {
                      for (int row = part; row < part + 16; row++) {
                        bytes[at++] = (byte) (pair(digits[row], c) << 4 | pair(digits[row], c + 2));
                      }
                    }
                  }
                }
              }
            }
          }
          return OpenLayouts.withScale(bytes, bytes.length + 32, scale);
        });
  }

  private Path tl2(WeightFormat type) throws ModelFileException {
    return RewrittenModel.write(
        folder.resolve("tl2-" + type.id() + ".gguf"),
        type,
        (digits, scale) -> {
          int columns = digits[0].length;
          int[] tiles = tiles(TL2_CONFIG, digits.length, columns);
          int inTriples = columns / tiles[1] * tiles[1];
          long size = type.bytes(digits.length, columns);
          byte[] bytes = new byte[(int) size - 32];
          int at = 0;
          int signs = digits.length * inTriples / 6;
          for (int tileRow = 0; tileRow < digits.length; tileRow += tiles[0]) {
            for (int tileColumn = 0; tileColumn < inTriples; tileColumn += tiles[1]) {
              for (int strip = tileRow; strip < tileRow + tiles[0]; strip += 32) {
                for (int c = tileColumn; c < tileColumn + tiles[1]; c += 6, at += 32) {
                  for (int i = 0; i < 32; i++) {
                    int first = triple(digits[strip + i], c);
                    int second = triple(digits[strip + i], c + 3);
                    bytes[at + swapped(i)] = (byte) (Math.abs(first) << 4 | Math.abs(second));
                    int half = signs + at / 4 / 32 * 32 + i % 16 * 2; // of 24 columns
                    int bit = 15 - (c - tileColumn) % 24 / 3 * 2 - i / 16;
                    bytes[half + bit / 8] |= (byte) (first >>> 31 << bit % 8);
                    bit -= 2;
                    bytes[half + bit / 8] |= (byte) (second >>> 31 << bit % 8);
                  }
                }
              }
            }
          }
          at = signs + digits.length * inTriples / 24;
          for (int tileRow = 0; tileRow < digits.length; tileRow += tiles[0]) {
            for (int tileColumn = inTriples; tileColumn < columns; tileColumn += 32) {
              for (int strip = tileRow; strip < tileRow + tiles[0]; strip += 32) {
                for (int c = tileColumn; c < tileColumn + 32; c += 4, at += 32) {
                  for (int i = 0; i < 32; i++) {
                    byte[] row = digits[strip + i];
                    bytes[at + swapped(i)] = (byte) (pair(row, c) << 4 | pair(row, c + 2));
                  }
                }
              }
            }
          }
          return OpenLayouts.withScale(bytes, size, scale);
        });
  }

  private static int triple(byte[] digits, int c) {
    return 9 * digits[c] + 3 * digits[c + 1] + digits[c + 2] - 13;
  }

  private static int swapped(int row) {
    return new int[] {0, 16, 8, 24}[row / 8] + row % 8;
  }

  @Test
  void tl1ComputesTheSameWithItsConfiguration() throws IOException {
    Path path = tl1();
    Path config = Files.writeString(folder.resolve("tuned.ini"), TL1_CONFIG);
    OpenLayouts.computesAsShipped(path, NONE.withKernelConfig(config));
    OpenLayouts.convertsToTheShippedFile(
        path, NONE.withKernelConfig(config), folder.resolve("converted.gguf"));
    try (GgufFile file = GgufFile.open(path, NONE.withKernelConfig(config))) {
      assertEquals(
          List.of("TL1 weights are read in the tiles that " + config + " gives."),
          file.inspection().readings());
      assertEquals(List.of(), file.warnings());
    }
  }

  @ParameterizedTest
  @CsvSource({"39", "42"})
  void tl2ComputesTheSameWithTheConfigurationBesideIt(int id) throws IOException {
    Path path = tl2(WeightFormats.ofId(id).getLast());
    Files.writeString(folder.resolve("kernel_config.ini"), TL2_CONFIG);
    OpenLayouts.computesAsShipped(path, NONE);
    OpenLayouts.convertsToTheShippedFile(path, NONE, folder.resolve("converted.gguf"));
    try (GgufFile file = GgufFile.open(path)) {
      String readings = file.inspection().readings().toString();
      assertTrue(readings.contains("Type id " + id + " has several meanings"), readings);
      assertTrue(readings.contains("is read as TL2, the one that fits"), readings);
    }
  }

  private static String refusal(Path path, LayoutOptions layouts) {
    return assertThrows(
            ModelFileException.class, () -> OpenLayouts.logits(path, layouts, Tiers.best()))
        .getMessage();
  }

  @Test
  void withoutItsConfigurationItSaysWhatToGive() throws IOException {
    String sentence = refusal(tl1(), NONE);
    assertTrue(sentence.contains("put that beside the model or name it (--kernel-config)"));
    try (GgufFile file = GgufFile.open(tl1())) {
      assertEquals("TL1", file.inspection().tensors().get(2).type(), "it can be listed");
    }
  }

  @Test
  void aShapeThatItsConfigurationLacksIsRefused() throws IOException {
    Path config =
        Files.writeString(folder.resolve("c.ini"), TL1_CONFIG.replace("m = 128", "m = 64"));
    String sentence = refusal(tl1(), NONE.withKernelConfig(config));
    assertTrue(sentence.contains("tensor 'blk.0.attn_k.weight'"), sentence);
    assertTrue(sentence.contains(config + " has no section with m = 128 and k = 256"), sentence);
    Files.writeString(config, TL1_CONFIG.replace("bm = 64", "bm = 96"));
    sentence = refusal(tl1(), NONE.withKernelConfig(config));
    assertTrue(sentence.contains("bm must be a multiple of bmm"), sentence);
    assertFalse(sentence.contains("damaged"), sentence);
  }

  @Test
  void digitsThatNoCodeHasAreRefused() throws IOException {
    Path path = tl1();
    Path config = Files.writeString(folder.resolve("c.ini"), TL1_CONFIG);
    byte[] bytes = Files.readAllBytes(path);
    try (GgufFile file = GgufFile.open(path)) {
      bytes[(int) file.tensor("blk.3.ffn_up.weight").offset()] = (byte) 0x90;
    }
    String sentence = refusal(Files.write(path, bytes), NONE.withKernelConfig(config));
    assertTrue(sentence.contains("blk.3.ffn_up.weight"), sentence);
    assertTrue(sentence.contains("codes that are not ternary digits"), sentence);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "m = 1| line 1: there is no section",
        "[a]\\nm = 1\\nk = 1\\nbm = 1\\nbk = 1| the section [a] has no bmm",
        "[a]\\nm = 1\\nm = 1| line 3: m occurs twice",
        "[a]\\nm = zero| line 2: a line must be one of m, k, bm, bk, bmm",
        "[a]\\nm = 0| line 2: a line must be one of",
        "[a]\\nmm = 1| line 2: a line must be one of",
        "[a]\\nm| line 2: a line must be one of",
        "[a]\\nm=1\\nk=1\\nbm=1\\nbk=1\\nbmm=1\\n[a]| line 7: the section [a] occurs twice",
        "[a]\\nm=1\\nk=1\\nbm=1\\nbk=1\\nbmm=1\\n[b]\\nm=1\\nk=1\\nbm=1\\nbk=1\\nbmm=1| second one",
      })
  void aConfigurationThatIsNoneIsRefused(String text, String clause) throws IOException {
    Path config = Files.writeString(folder.resolve("c.ini"), text.replace("\\n", "\n"));
    String sentence = refusal(tl1(), NONE.withKernelConfig(config));
    assertTrue(sentence.startsWith(config.toString()), sentence);
    assertTrue(sentence.contains(clause), sentence);
  }

  @Test
  void aConfigurationThatIsMissingIsRefused() throws IOException {
    Path config = folder.resolve("none.ini");
    assertTrue(
        refusal(tl1(), NONE.withKernelConfig(config)).contains(config + ": cannot be read as"));
  }
}
