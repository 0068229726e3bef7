package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.bitnetj.convert.Conversion;
import org.bitnetj.convert.ConversionOptions;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.TextInSteps;
import org.bitnetj.testing.Tiers;

/** What tests ask of the shipped model in layouts that its file does not name. */
final class OpenLayouts {
  private OpenLayouts() {}

  static int[] logits(Path path, LayoutOptions layouts, Kernels kernels) throws ModelFileException {
    try (GgufFile file = GgufFile.open(path, layouts);
        ThreadTeam team = new ThreadTeam(2);
        Weights weights = Weights.load(file, kernels, team);
        Transformer transformer = new Transformer(weights, kernels, team, 3, 1);
        TextInSteps text = new TextInSteps(transformer, 8)) {
      text.compute(1, 17);
      text.compute(300); // alone, and so without weights that are multiplied by 0
      return transformer.logits().row(0).toArray(ValueLayout.JAVA_INT);
    }
  }

  static void computesAsShipped(Path path, LayoutOptions layouts) throws ModelFileException {
    int[] expected = logits(Golden.MODEL, LayoutOptions.none(), Tiers.best());
    for (Kernels kernels : Tiers.available()) {
      assertArrayEquals(expected, logits(path, layouts, kernels), "" + kernels.tier());
    }
  }

  /** And canonical, the layout that all can read. */
  static void convertsToTheShippedFile(Path path, LayoutOptions layouts, Path target)
      throws IOException {
    Conversion.convert(path, target, ConversionOptions.defaults().withLayouts(layouts));
    try (GgufFile shipped = GgufFile.open(Golden.MODEL);
        GgufFile converted = GgufFile.open(target)) {
      for (Tensor tensor : shipped.tensors()) {
        Tensor other = converted.tensor(tensor.name());
        assertEquals(tensor.format(), other.format());
        assertEquals(-1, tensor.data().mismatch(other.data()), tensor.name());
      }
    }
  }

  /** The bytes of a matrix of that size, with its scale behind them. */
  static MemorySegment withScale(byte[] bytes, long size, float scale) {
    MemorySegment all = Arena.ofAuto().allocate(size, 64);
    MemorySegment.copy(bytes, 0, all, ValueLayout.JAVA_BYTE, 0, bytes.length);
    all.set(ValueLayout.JAVA_FLOAT, size - 32, scale);
    return all;
  }
}
