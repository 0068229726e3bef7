package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.TextInSteps;
import org.bitnetj.testing.Tiers;
import org.bitnetj.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who owns the memory of weights. */
class WeightsTest {
  @TempDir Path folder;

  private static GgufFile open(Path path, boolean mapped) throws ModelFileException {
    return mapped ? GgufFile.open(path) : GgufFile.load(path);
  }

  private static Weights load(GgufFile file, Kernels kernels) throws ModelFileException {
    try (ThreadTeam team = new ThreadTeam(1)) {
      return Weights.load(file, kernels, team);
    }
  }

  /** The bits of all logits of the shipped model's first rows. */
  private static int[][] logits(Weights weights) {
    int[] tokens = {4094, 50, 60, 70};
    try (ThreadTeam team = new ThreadTeam(1);
        Transformer transformer = new Transformer(weights, Tiers.best(), team, 4, 4);
        TextInSteps text = new TextInSteps(transformer, 8)) {
      text.compute(tokens, 0, LogitsNeed.all());
      int[][] bits = new int[tokens.length][];
      Arrays.setAll(bits, i -> transformer.logits().row(i).toArray(ValueLayout.JAVA_INT));
      return bits;
    }
  }

  private static int[][] expected() throws ModelFileException {
    try (GgufFile file = GgufFile.open(Golden.MODEL);
        Weights weights = load(file, Tiers.best())) {
      return logits(weights);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theFileMayBeClosedFirst(boolean mapped) throws Exception {
    int[][] expected = expected();
    GgufFile file = open(Golden.MODEL, mapped);
    Weights weights = load(file, Tiers.best());
    file.close();
    assertArrayEquals(expected, logits(weights));
    MemorySegment inPlace = file.tensor("token_embd.weight").data();
    assertTrue(inPlace.scope().isAlive());
    weights.close();
    weights.close();
    assertFalse(inPlace.scope().isAlive());
    assertThrows(IllegalStateException.class, () -> inPlace.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void theFileMayBeClosedWhileTheyAreLoaded() throws Exception {
    int[][] expected = expected();
    GgufFile file = GgufFile.open(Golden.MODEL);
    Kernels closing =
        (Kernels)
            Proxy.newProxyInstance(
                Kernels.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("pack")) {
                    file.close();
                  }
                  return method.invoke(Tiers.best(), arguments);
                });
    try (Weights weights = load(file, closing)) {
      assertArrayEquals(expected, logits(weights));
    }
  }

  @Test
  void aClosedFileHasNoWeights() throws Exception {
    GgufFile file = GgufFile.open(new TinyModel().write(folder.resolve("tiny.gguf")));
    file.close();
    assertThrows(IllegalStateException.class, () -> load(file, Tiers.best()));
  }

  @Test
  void aRefusedModelLeavesNothingMapped() throws Exception {
    TinyModel model = new TinyModel().without("output_norm.weight");
    GgufFile file = GgufFile.open(model.write(folder.resolve("tiny.gguf")));
    assertThrows(ModelFileException.class, () -> load(file, Tiers.best()));
    file.close();
    assertFalse(file.bytes().files().getFirst().segment().scope().isAlive());
  }

  @Test
  void aFileReadIntoMemoryGivesTheSameBitsOnceWhateverHappensToIt() throws Exception {
    Path path = Files.copy(Golden.MODEL, folder.resolve("copy.gguf"));
    try (GgufFile file = GgufFile.load(path);
        Weights weights = load(file, Tiers.best())) {
      Files.write(path, new byte[0]);
      assertArrayEquals(expected(), logits(weights));
      assertThrows(IllegalStateException.class, () -> load(file, Tiers.best()));
    }
  }

  @Test
  void whatAFileReadIntoMemoryUsesInPlaceNeedsRoom() throws Exception {
    Path path = Golden.MODEL;
    try (GgufFile mapped = GgufFile.open(path);
        GgufFile read = GgufFile.load(path)) {
      ModelTensors tensors = new ModelTensors(mapped, mapped.spec());
      long ternary = 0;
      while (!fits(mapped, ternary)) {
        ternary += 1 << 12;
      }
      assertFalse(fits(read, ternary + tensors.inPlaceBytes() - (1 << 13)));
      assertTrue(fits(read, ternary + tensors.inPlaceBytes()));
      assertEquals(mapped.spec(), read.spec());
    }
  }

  /** What is mapped must fit, too, unless it may be read from disk for every token. */
  @Test
  void whatStepsReadNeedsRoomMappedOrNot() throws Exception {
    try (GgufFile mapped = GgufFile.open(Golden.MODEL)) {
      ModelTensors tensors = new ModelTensors(mapped, mapped.spec());
      WeightsPlan plan =
          WeightsPlan.of(tensors, Tiers.best(), HeadMode.FULL, false, OptionalLong.empty());
      long bytes = tensors.ternaryBytes(false) + tensors.inPlaceBytes(); // its head is tied
      assertEquals(bytes, plan.workingBytes());
      plan.requireRoomForSteps(tensors, OptionalLong.empty());
      plan.requireRoomForSteps(tensors, OptionalLong.of(bytes / 15 * 16 + 16));
      String sentence =
          assertThrows(
                  ModelFileException.class,
                  () -> plan.requireRoomForSteps(tensors, OptionalLong.of(bytes)))
              .getMessage();
      assertTrue(sentence.contains("MiB of memory, but there are only"), sentence);
      assertTrue(
          sentence.endsWith("let them be read from disk for every token (--from-disk)."), sentence);
    }
  }

  /** Keys and values get what the weights that steps read leave. */
  @Test
  void aMappedHeadIsReadInEveryStepUnlessItHasALowBitCopy() throws Exception {
    try (GgufFile file = GgufFile.open(Golden.MODEL);
        ThreadTeam team = new ThreadTeam(1);
        Weights full = Weights.load(file, Tiers.best(), team, HeadMode.FULL, true);
        Weights screened = Weights.load(file, Tiers.best(), team, HeadMode.SCREENED, true)) {
      assertTrue(file.bytes().holds(full.head().data()));
      assertEquals(full.head().bytes(), full.workingBytes() - full.residentBytes());
      assertEquals(screened.residentBytes(), screened.workingBytes());
    }
    try (GgufFile file = GgufFile.load(Golden.MODEL);
        Weights read = load(file, Tiers.best())) {
      assertEquals(read.residentBytes(), read.workingBytes());
    }
  }

  private static boolean fits(GgufFile file, long room) {
    try {
      ModelTensors tensors = new ModelTensors(file, file.spec());
      WeightsPlan.of(tensors, Tiers.best(), HeadMode.FULL, false, OptionalLong.of(room));
      return true;
    } catch (ModelFileException e) {
      return false;
    }
  }
}
