package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.testing.RewrittenModel;
import org.bitnetj.testing.TextInSteps;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Norms may be stored in every type of floats. */
class StoredVectorsTest {
  @TempDir Path folder;

  static Iterable<FloatFormat> formats() {
    return WeightFormats.floats();
  }

  /**
   * The shipped model with its norms as they are in {@code rounded}, stored in that or in F32.
   *
   * @param stored {@code rounded} or F32
   */
  private Path model(FloatFormat rounded, FloatFormat stored) throws ModelFileException {
    return RewrittenModel.write(
        folder.resolve(rounded.name() + "-" + stored.name() + ".gguf"),
        StoredVectorsTest::isNorm,
        stored,
        tensor -> norm(tensor, rounded, stored));
  }

  private static boolean isNorm(Tensor tensor) {
    return tensor.dims().size() == 1;
  }

  private static MemorySegment norm(Tensor tensor, FloatFormat rounded, FloatFormat stored) {
    int columns = (int) tensor.columns();
    MemorySegment bytes = Arena.ofAuto().allocate(rounded.bytes(1, columns));
    rounded.encode(tensor.data().toArray(ValueLayout.JAVA_FLOAT), bytes, columns, 0);
    if (stored.equals(rounded)) {
      return bytes;
    }
    float[] values = new float[columns];
    rounded.floats(bytes, columns, 0, values, 0);
    return Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, values);
  }

  private static int[] logits(Path path) throws ModelFileException {
    Kernels kernels = Tiers.best();
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(2);
        Weights weights = Weights.load(file, kernels, team);
        Transformer transformer = new Transformer(weights, kernels, team, 3, 1);
        TextInSteps text = new TextInSteps(transformer, 8)) {
      text.compute(1, 17, 300);
      return transformer.logits().row(0).toArray(ValueLayout.JAVA_INT);
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void normsAreTheFloatsThatTheirTypeHolds(FloatFormat format) throws ModelFileException {
    assertArrayEquals(
        logits(model(format, WeightFormats.F32)), logits(model(format, format)), format.name());
  }

  @Test
  void aNormOfTernaryWeightsIsRefused() throws ModelFileException {
    Path path =
        RewrittenModel.write(
            folder.resolve("ternary.gguf"),
            tensor -> tensor.name().equals("blk.1.ffn_norm.weight"),
            WeightFormats.TQ2_0,
            tensor -> Arena.ofAuto().allocate(WeightFormats.TQ2_0.bytes(tensor.dims())));
    String message = assertThrows(ModelFileException.class, () -> logits(path)).getMessage();
    assertTrue(message.contains("'blk.1.ffn_norm.weight'"), message);
    assertTrue(message.contains("TQ2_0"), message);
    assertTrue(message.contains("it must be stored as F32 or F16 or "), message);
    assertFalse(message.contains("--head"), message);
  }
}
