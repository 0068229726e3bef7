package org.bitnetj.synth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.kv.BlockTable;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.AttentionLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What shares a scale among activations, and what follows for models whose weights have groups. */
class ActivationScalingTest {
  private static final int VOCABULARY = 300;
  private static final int LENGTH = 11;

  @TempDir Path folder;

  private Path model(String family, Function<String, TernaryFormat> formats)
      throws ModelFileException {
    return model(family, formats, true);
  }

  private Path model(String family, Function<String, TernaryFormat> formats, boolean differ)
      throws ModelFileException {
    Path plain = folder.resolve("plain.gguf");
    ModelShape shape =
        new ModelShape("tiny", family, 2, 256, 512, 4, 2, VOCABULARY, 64, 10_000f, 1e-5f, true);
    SyntheticModel.of(shape, 9).write(plain, (w, s) -> {});
    Path path = folder.resolve("model.gguf");
    GroupedModel.write(plain, formats, differ, path);
    return path;
  }

  private static ActivationScaling scaling(Path path) throws ModelFileException {
    try (GgufFile file = GgufFile.open(path)) {
      return file.spec().activationScaling();
    }
  }

  /** The bits of the last token's logits, computed in chunks of {@code chunk} tokens. */
  private static int[] logits(
      Path path, ActivationScaling scaling, Kernels kernels, int threads, int chunk)
      throws ModelFileException {
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(threads);
        Weights weights =
            Weights.load(file, file.spec().with(scaling), kernels, team, HeadMode.FULL, true);
        Transformer transformer = new Transformer(weights, kernels, team, LENGTH, 1);
        BlockPool cache = transformer.newCache(AttentionLayer.Type.F16, 1 << 24)) {
      assertFalse(weights.isSparse());
      int[] ids = NaiveModel.tokens(5, LENGTH, VOCABULARY);
      BlockTable table = cache.newTable(LENGTH);
      for (int at = 0; at < LENGTH; at += chunk) {
        int next = Math.min(at + chunk, LENGTH);
        transformer.step().clear();
        transformer.step().add(table, ids, at, next, LENGTH - 1, LogitsNeed.all());
        transformer.forward();
        transformer.step().commit();
      }
      return transformer.logits().row(0).toArray(ValueLayout.JAVA_INT);
    }
  }

  @Test
  void theFamilyDecidesAndElseTheStoredFormat() throws ModelFileException {
    for (TernaryFormat format : new TernaryFormat[] {WeightFormats.I2_S, WeightFormats.Q2_0}) {
      ActivationScaling open =
          format == WeightFormats.I2_S ? ActivationScaling.ROW : ActivationScaling.GROUP;
      assertEquals(ActivationScaling.ROW, scaling(model("bitnet-b1.58", tensor -> format)));
      assertEquals(ActivationScaling.ROW, scaling(model("bitnet", tensor -> format)));
      assertEquals(open, scaling(model("llama", tensor -> format)));
      assertEquals(open, scaling(model("qwen3", tensor -> format)));
    }
  }

  /** So are Llama models that were trained with quantized activations and stored in TQ2_0. */
  @Test
  void groupsThatShareOneScaleAreOfModelsWithQuantizedActivations() throws ModelFileException {
    for (TernaryFormat format : new TernaryFormat[] {WeightFormats.TQ2_0, WeightFormats.Q2_0}) {
      assertEquals(ActivationScaling.ROW, scaling(model("llama", tensor -> format, false)));
    }
  }

  @Test
  void whatIsAssumedIsSaid() throws IOException {
    Path path = model("llama", tensor -> WeightFormats.Q2_0);
    assertEquals(1, warnings(path, LoadOptions.defaults()).size());
    assertTrue(
        warnings(path, LoadOptions.defaults())
            .getFirst()
            .contains("one scale a group is assumed; choose by --activations row"));
    LoadOptions named = LoadOptions.defaults().withActivations(ActivationScaling.ROW);
    assertEquals(List.of(), warnings(path, named));
    Path plain = model("llama", tensor -> WeightFormats.I2_S);
    assertEquals(List.of(), warnings(plain, LoadOptions.defaults()));
  }

  /** What is said of its activations when a model is loaded. */
  private static List<String> warnings(Path path, LoadOptions options) throws IOException {
    List<String> said = new ArrayList<>();
    LanguageModel.load(path, options.withKernels("scalar").withWarnings(said::add)).close();
    return said.stream().filter(sentence -> sentence.contains("activations")).toList();
  }

  @Test
  void theUserMayNameItWhereTheFileLeavesItOpen() throws ModelFileException {
    Path path = model("llama", tensor -> WeightFormats.PQ2_0);
    int[] byRows = logits(path, ActivationScaling.ROW, new ScalarKernels(), 1, LENGTH);
    int[] byGroups = logits(path, ActivationScaling.GROUP, new ScalarKernels(), 1, LENGTH);
    assertFalse(Arrays.equals(byRows, byGroups));
    Path bitnet = model("bitnet", tensor -> WeightFormats.PQ2_0);
    LoadOptions options =
        LoadOptions.defaults().withKernels("scalar").withActivations(ActivationScaling.GROUP);
    String sentence =
        assertThrows(ModelFileException.class, () -> LanguageModel.load(bitnet, options))
            .getMessage();
    assertTrue(
        sentence.startsWith(
            bitnet
                + ": models of architecture 'bitnet' were trained with one activation scale a row"),
        sentence);
  }

  /** Threads, chunks and kernels change no bit. */
  @Test
  void logitsDependOnTheModelAlone() throws ModelFileException {
    Kernels best = KernelSelection.choose(null).kernels();
    for (ActivationScaling scaling : ActivationScaling.values()) {
      for (TernaryFormat format :
          new TernaryFormat[] {WeightFormats.Q2_0, WeightFormats.PQ2_0, WeightFormats.TQ2_0}) {
        Path path = model("llama", tensor -> format);
        int[] expected = logits(path, scaling, new ScalarKernels(), 1, LENGTH);
        for (int threads = 1; threads <= 3; threads++) {
          for (int chunk : new int[] {1, 4, LENGTH}) {
            String what = scaling + ", " + format.name() + ", " + threads + ", " + chunk;
            assertArrayEquals(expected, logits(path, scaling, best, threads, chunk), what);
          }
        }
      }
    }
  }

  @Test
  void matricesMayHaveGroupsOfDifferentSizesAsLongAsActivationsFitAll() throws ModelFileException {
    Kernels best = KernelSelection.choose(null).kernels();
    Function<String, TernaryFormat> some =
        tensor -> tensor.contains("attn") ? WeightFormats.PQ2_0 : WeightFormats.Q2_0;
    Function<String, TernaryFormat> any =
        tensor ->
            tensor.contains("attn_q")
                ? WeightFormats.I2_S
                : tensor.contains("attn") ? WeightFormats.TQ2_0 : WeightFormats.Q2_0;
    Path path = model("llama", some);
    assertArrayEquals(
        logits(path, ActivationScaling.GROUP, new ScalarKernels(), 1, LENGTH),
        logits(path, ActivationScaling.GROUP, best, 2, 4));
    path = model("llama", any);
    assertArrayEquals(
        logits(path, ActivationScaling.ROW, new ScalarKernels(), 1, LENGTH),
        logits(path, ActivationScaling.ROW, best, 2, 4));
    refused(path, "it has no scales by groups of columns");
    path =
        model(
            "llama", tensor -> tensor.contains("attn") ? WeightFormats.TQ2_0 : WeightFormats.Q2_0);
    refused(path, "it needs a scale for each 256 activations");
  }

  private static void refused(Path path, String clause) {
    String sentence =
        assertThrows(
                ModelFileException.class,
                () -> logits(path, ActivationScaling.GROUP, new ScalarKernels(), 1, LENGTH))
            .getMessage();
    assertTrue(sentence.startsWith(path + ": ") && sentence.contains(clause), sentence);
  }
}
