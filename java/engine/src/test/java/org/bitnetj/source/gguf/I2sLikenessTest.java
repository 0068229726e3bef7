package org.bitnetj.source.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.option.I2sLayout;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.I2sMatrix;
import org.bitnetj.testing.RewrittenModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** How much of a file is looked at; what is found is tested with models that are loaded. */
class I2sLikenessTest {
  @TempDir Path folder;

  @Test
  void randomWeightsAreSoonFoundToBeOfNoLayout() throws ModelFileException {
    SplittableRandom random = new SplittableRandom(6);
    Path path =
        RewrittenModel.write(
            folder.resolve("random.gguf"),
            WeightFormats.I2_S,
            (digits, scale) -> {
              int quads = digits.length * digits[0].length / 4;
              MemorySegment bytes = Arena.ofAuto().allocate(quads + 32);
              for (int i = 0; i < quads; i++) {
                int quad = 0;
                for (int place = 0; place < 4; place++) {
                  quad |= random.nextInt(3) << 2 * place;
                }
                bytes.set(ValueLayout.JAVA_BYTE, i, (byte) quad);
              }
              bytes.set(ValueLayout.JAVA_FLOAT_UNALIGNED, quads, scale);
              return bytes;
            });
    try (GgufFile file = GgufFile.open(path)) {
      assertEquals(Optional.empty(), I2sLikeness.ofDoubtful(file), "a quick look is enough");
      assertTrue(I2sLikeness.of(file).isPresent());
    }
  }

  @Test
  void theShippedWeightsAreSoonFoundToBeCanonical() throws ModelFileException {
    try (GgufFile file = GgufFile.open(Golden.MODEL)) {
      assertEquals(Optional.empty(), I2sLikeness.ofDoubtful(file));
      assertTrue(I2sLikeness.of(file).isPresent());
    }
  }

  /**
   * The shipped model with other weights: random, but of a hidden unit's row and column so many
   * more or fewer are 0 than of others'.
   *
   * @param mark standard deviation of the share that is not 0, by layers
   */
  private Path marked(I2sLayout layout, int seed, double... mark) throws ModelFileException {
    return RewrittenModel.write(
        folder.resolve("marked.gguf"),
        tensor -> tensor.format() instanceof TernaryFormat,
        WeightFormats.I2_S,
        tensor -> {
          int layer = Integer.parseInt(tensor.name().split("\\.")[1]);
          boolean down = tensor.name().endsWith("ffn_down.weight");
          double sigma = down || tensor.name().endsWith("ffn_up.weight") ? mark[layer] : 0;
          byte[][] digits = new byte[(int) tensor.rows()][(int) tensor.columns()];
          SplittableRandom units = new SplittableRandom(100 * seed + layer);
          double[] shares =
              units.doubles(Math.max(digits.length, digits[0].length), -1, 1).toArray();
          SplittableRandom random = new SplittableRandom(seed + tensor.name().hashCode());
          for (int row = 0; row < digits.length; row++) {
            for (int c = 0; c < digits[0].length; c++) {
              double share = 0.6 + sigma * Math.sqrt(3) * shares[down ? c : row];
              digits[row][c] = (byte) (random.nextDouble() >= share ? 1 : 2 * random.nextInt(2));
            }
          }
          return I2sMatrix.bytes(layout, digits, 1);
        });
  }

  private static Optional<String> warning(Path path) throws ModelFileException {
    try (GgufFile file = GgufFile.open(path)) {
      return I2sLikeness.ofDoubtful(file).flatMap(I2sLikeness::warning);
    }
  }

  private static void assertNames(I2sLayout layout, Path path, int seed) throws ModelFileException {
    String warning = warning(path).orElse("nothing");
    assertTrue(warning.contains("use --i2s-layout " + layout.label() + ","), seed + ": " + warning);
  }

  /** By 0.3, half of what the shipped model has, where half as many rows would show 0.2. */
  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "CANONICAL")
  void aLayoutIsFoundByAWeakMark(I2sLayout layout) throws ModelFileException {
    for (int seed = 0; seed < 8; seed++) {
      assertNames(layout, marked(layout, seed, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02), seed);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "CANONICAL")
  void aLayoutIsFoundWhicheverLayerBearsNoMark(I2sLayout layout) throws ModelFileException {
    for (int layer : new int[] {0, 3, 5}) {
      double[] marks = {0.04, 0.04, 0.04, 0.04, 0.04, 0.04};
      marks[layer] = 0;
      assertNames(layout, marked(layout, layer, marks), layer);
    }
  }

  @Test
  void canonicalWeightsOfAWeakMarkAreNotTakenForOthers() throws ModelFileException {
    for (int seed = 0; seed < 8; seed++) {
      Path path = marked(I2sLayout.CANONICAL, seed, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02);
      assertEquals(Optional.empty(), warning(path));
    }
  }
}
