package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.OptionalLong;
import org.bitnetj.family.ModelSpec;
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

/** Matrices are kept by rows and columns where that pays, and nothing is kept twice. */
class SparseWeightsTest {
  @TempDir private Path directory;

  private static boolean isSparse(Path path, Kernels kernels, boolean sparse) throws Exception {
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(1);
        Weights weights = Weights.load(file, kernels, team, HeadMode.FULL, sparse)) {
      // Two bits a weight, whole panels and whole lines: the shipped model is 256 wide.
      ModelSpec spec = weights.spec();
      long attention = 2L * spec.width() * (spec.queryWidth() + spec.kvWidth());
      long feedForward = 3L * spec.width() * spec.feedForward();
      assertEquals(spec.layers() * (attention + feedForward) / 4, weights.linearBytes());
      long norms = 64L << 10;
      assertEquals(weights.linearBytes(), weights.residentBytes(), norms);
      return weights.isSparse();
    }
  }

  @Test
  void aModelWithSquaredReluHasThemIfTheKernelsGainByThem() throws Exception {
    for (Kernels kernels : Tiers.available()) {
      assertEquals(kernels.gainsBySkipping(), isSparse(Golden.MODEL, kernels, true));
      assertFalse(isSparse(Golden.MODEL, kernels, false));
    }
  }

  @Test
  void aModelWithAnotherActivationHasNone() throws Exception {
    Path path = new TinyModel().write(directory.resolve("silu.gguf"));
    assertFalse(isSparse(path, new ScalarKernels(), true));
  }

  @Test
  void ampleMemoryIsTwiceWhatAllWeightsTake() {
    assertTrue(WeightsPlan.isAmple(OptionalLong.of(2000), 1000));
    assertFalse(WeightsPlan.isAmple(OptionalLong.of(1999), 1000));
    assertTrue(WeightsPlan.isAmple(OptionalLong.empty(), Long.MAX_VALUE));
  }
}
