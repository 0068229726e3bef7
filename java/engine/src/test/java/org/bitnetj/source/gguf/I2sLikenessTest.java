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
import org.bitnetj.format.WeightFormats;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.RewrittenModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
}
