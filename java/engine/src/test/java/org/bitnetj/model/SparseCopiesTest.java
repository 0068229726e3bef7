package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.OptionalLong;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.Tiers;
import org.bitnetj.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Matrices are kept a second time where that pays, and nowhere else. */
class SparseCopiesTest {
  @TempDir private Path directory;

  private static boolean hasCopies(Path path, Kernels kernels, boolean sparse) throws Exception {
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(1);
        Weights weights = Weights.load(file, kernels, team, HeadMode.FULL, sparse)) {
      // Two copies of two bits a weight, and whole lines: the shipped model is 256 wide.
      long copies = weights.spec().layers() * 2L * weights.spec().feedForward() * 256 / 4;
      assertEquals(weights.hasCopies() ? copies : 0, weights.copiesBytes());
      return weights.hasCopies();
    }
  }

  @Test
  void aModelWithSquaredReluHasThemIfTheKernelsGainByThem() throws Exception {
    for (Kernels kernels : Tiers.available()) {
      assertEquals(kernels.gainsByCopies(), hasCopies(Golden.MODEL, kernels, true));
      assertFalse(hasCopies(Golden.MODEL, kernels, false));
    }
  }

  @Test
  void aModelWithAnotherActivationHasNone() throws Exception {
    Path path = new TinyModel().write(directory.resolve("silu.gguf"));
    assertFalse(hasCopies(path, new ScalarKernels(), true));
  }

  @Test
  void ampleMemoryIsTwiceWhatAllWeightsTake() {
    assertTrue(WeightsPlan.isAmple(OptionalLong.of(2000), 1000));
    assertFalse(WeightsPlan.isAmple(OptionalLong.of(1999), 1000));
    assertTrue(WeightsPlan.isAmple(OptionalLong.empty(), Long.MAX_VALUE));
  }
}
