package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.error.NonFiniteException;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.scalar.ScalarKernels;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.testing.TextInSteps;
import org.bitnetj.testing.Tiers;
import org.bitnetj.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Well-formed GGUF files that are not models for this engine: each is refused with one sentence.
 */
class UnusableModelTest {
  @TempDir Path folder;

  private Path file(TinyModel model) throws ModelFileException {
    return model.write(folder.resolve("tiny.gguf"));
  }

  private static Weights load(GgufFile file) throws ModelFileException {
    try (ThreadTeam team = new ThreadTeam(1)) {
      return Weights.load(file, new ScalarKernels(), team);
    }
  }

  private void refused(TinyModel model, String... clauses) throws ModelFileException {
    Path path = file(model);
    try (GgufFile file = GgufFile.open(path)) {
      String sentence =
          assertThrows(ModelFileException.class, () -> load(file).close()).getMessage();
      assertTrue(sentence.startsWith(path + ": ") && sentence.endsWith("."), sentence);
      for (String clause : clauses) {
        assertTrue(sentence.contains(clause), sentence);
      }
    }
  }

  private void accepted(TinyModel model) throws ModelFileException {
    try (GgufFile file = GgufFile.open(file(model));
        Weights weights = load(file)) {
      assertEquals(1, weights.spec().layers());
    }
  }

  @Test
  void theModelThatTheOthersSpoilIsGood() throws ModelFileException {
    accepted(new TinyModel());
    accepted(new TinyModel().tensor("blk.0.ffn_up.scale", WeightFormats.F32, 2, 1));
    accepted(new TinyModel().tensor("output.weight", WeightFormats.F16, 1, 64, 8));
    accepted(new TinyModel().tensor("blk.0.attn_q.weight", WeightFormats.F32, 1, 64, 64));
  }

  @Test
  void aNameIsSafeToShow() throws ModelFileException {
    TinyModel model =
        new TinyModel().text("general.name", "a\u001b[2J\n\u009bb" + "c".repeat(1000));
    try (GgufFile file = GgufFile.open(file(model))) {
      String name = file.spec().name();
      assertTrue(name.startsWith("a\\u{1b}[2J\\n\\u{9b}bccc"), name);
      assertTrue(name.length() <= 201, name);
    }
  }

  @Test
  void aTensorThatNothingUses() throws ModelFileException {
    refused(
        new TinyModel().tensor("rope_freqs.weight", WeightFormats.F32, 1, 16),
        "tensor 'rope_freqs.weight'",
        "no such tensor");
    for (String name :
        new String[] {
          "blk.0.attn_q.bias",
          "blk.0.attn_q_norm.weight",
          "blk.0.attn_norm.scale",
          "blk.1.attn_norm.weight",
          "blk.00000000000.attn_norm.weight"
        }) {
      refused(new TinyModel().tensor(name, WeightFormats.F32, 1, 64), "tensor '" + name + "'");
    }
  }

  @Test
  void aTensorThatIsMissing() throws ModelFileException {
    refused(new TinyModel().without("blk.0.attn_v.weight"), "'blk.0.attn_v.weight' is missing");
  }

  @Test
  void aTensorOfAnotherTypeOrShape() throws ModelFileException {
    refused(
        new TinyModel()
            .tensor("blk.0.attn_q.weight", WeightFormats.named("Q4_1").orElseThrow(), 1, 64, 64),
        "'blk.0.attn_q.weight' (type Q4_1",
        "a linear layer must be stored as TQ1_0 or TQ2_0 or ",
        ", or in floats as F32 or ");
    refused(
        new TinyModel()
            .tensor("blk.0.attn_q.weight", WeightFormats.F32, 1, 64, 64)
            .tensor("blk.0.attn_q.scale", WeightFormats.F32, 2, 1),
        "'blk.0.attn_q.weight' (type F32",
        "only ternary weights can have a factor beside them");
    refused(
        new TinyModel()
            .tensor("blk.0.attn_q.weight", WeightFormats.named("TL1").orElseThrow(), 1, 64, 64),
        "bitnet.cpp's lookup-table layout for ARM",
        "use another file of the same model");
    refused(
        new TinyModel().tensor("blk.0.ffn_up.weight", TinyModel.TERNARY, 1, 128, 64),
        "'blk.0.ffn_up.weight'",
        "needs 64 x 128");
    refused(
        new TinyModel().tensor("blk.0.ffn_up.weight", TinyModel.TERNARY, 1, 64, 64, 2),
        "shape [64, 64, 2]");
  }

  @Test
  void numbersThatAreNone() throws ModelFileException {
    refused(
        new TinyModel().tensor("blk.0.ffn_up.weight", TinyModel.TERNARY, Float.NaN, 64, 128),
        "'blk.0.ffn_up.weight'",
        "scale is NaN");
    refused(
        new TinyModel()
            .tensor("output_norm.weight", WeightFormats.F32, Float.NEGATIVE_INFINITY, 64),
        "'output_norm.weight'",
        "element 0 is -Infinity");
  }

  /** Loads on kernels that count calls of {@code pack}. */
  private static void load(GgufFile file, AtomicInteger packings) throws ModelFileException {
    Kernels scalar = new ScalarKernels();
    Kernels counting =
        (Kernels)
            Proxy.newProxyInstance(
                Kernels.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("pack")) {
                    packings.incrementAndGet();
                  }
                  return method.invoke(scalar, arguments);
                });
    try (ThreadTeam team = new ThreadTeam(1)) {
      Weights.load(file, counting, team).close();
    }
  }

  private void refusedUnpacked(TinyModel model, String tensor, String clause)
      throws ModelFileException {
    AtomicInteger packings = new AtomicInteger();
    try (GgufFile file = GgufFile.open(file(model))) {
      String sentence =
          assertThrows(ModelFileException.class, () -> load(file, packings)).getMessage();
      assertTrue(sentence.contains("tensor '" + tensor + "'"), sentence);
      assertTrue(sentence.contains(clause), sentence);
      assertEquals(0, packings.get(), sentence);
    }
  }

  @Test
  void aMatrixOfTheLastLayerIsRefusedBeforeAnythingIsPacked() throws ModelFileException {
    AtomicInteger packings = new AtomicInteger();
    try (GgufFile file = GgufFile.open(file(new TinyModel(2)))) {
      load(file, packings);
    }
    assertTrue(packings.get() >= 14, "the matrices of a good file are packed");
    for (String matrix : new String[] {"attn_output", "ffn_gate", "ffn_down"}) {
      String name = "blk.1." + matrix + ".weight";
      int columns = matrix.equals("ffn_down") ? 128 : 64;
      int rows = matrix.equals("ffn_gate") ? 128 : 64;
      refusedUnpacked(new TinyModel(2).without(name), name, "is missing");
      refusedUnpacked(
          new TinyModel(2).tensor(name, TinyModel.TERNARY, 1, columns, 2 * rows),
          name,
          "needs " + columns + " x " + rows);
      refusedUnpacked(
          new TinyModel(2)
              .tensor(name, WeightFormats.named("Q4_1").orElseThrow(), 1, columns, rows),
          name,
          "a linear layer must be stored as");
      refusedUnpacked(
          new TinyModel(2).tensor(name, TinyModel.TERNARY, Float.NaN, columns, rows),
          name,
          "its scale is NaN");
      String scale = "blk.1." + matrix + ".scale";
      refusedUnpacked(
          new TinyModel(2).tensor(scale, WeightFormats.F32, Float.NaN, 1),
          scale,
          "element 0 is NaN");
    }
  }

  @Test
  void aNormIsRefusedBeforeAnythingIsPacked() throws ModelFileException {
    for (String name : new String[] {"blk.1.ffn_norm.weight", "output_norm.weight"}) {
      refusedUnpacked(new TinyModel(2).without(name), name, "is missing");
      refusedUnpacked(
          new TinyModel(2).tensor(name, WeightFormats.F32, 1, 32), name, "needs 64 x 1");
      refusedUnpacked(
          new TinyModel(2).tensor(name, TinyModel.TERNARY, 1, 64, 2), name, "needs 64 x 1");
      refusedUnpacked(
          new TinyModel(2).tensor(name, WeightFormats.named("Q4_1").orElseThrow(), 1, 64),
          name,
          "stored as F32 or F16 or ");
      refusedUnpacked(
          new TinyModel(2).tensor(name, WeightFormats.F32, Float.NaN, 64),
          name,
          "element 0 is NaN");
    }
  }

  @Test
  void scalingsOfRotationsThatAreNotComputed() throws ModelFileException {
    String keys = "bitnet.rope.scaling.";
    accepted(new TinyModel().number(keys + "factor", 0));
    accepted(new TinyModel().text(keys + "type", "none").number(keys + "factor", 4));
    refused(new TinyModel().text(keys + "type", "longrope"), keys + "type", "longrope", "yarn");
    refused(new TinyModel().number(keys + "factor", -4), "rope.scaling", "factor of -4.0");
    refused(new TinyModel().number(keys + "attn_factor", 2), keys + "attn_factor", "2.0");
    TinyModel yarn = new TinyModel().text(keys + "type", "yarn").number(keys + "factor", 4);
    refused(yarn, "original_context_length");
    yarn.integer(keys + "original_context_length", 16);
    accepted(yarn);
    accepted(yarn.number(keys + "yarn_beta_fast", 16));
    refused(yarn.number(keys + "yarn_beta_slow", 0), "0.0 and 16.0 turns");
    yarn.number(keys + "yarn_beta_slow", 1);
    refused(yarn.number(keys + "yarn_ext_factor", 0.5f), "yarn_ext_factor", "0.5");
  }

  @Test
  void factorsThatItsArchitectureDoesNotHave() throws ModelFileException {
    for (String key : new String[] {"embedding_scale", "logit_scale", "rope.scaling.alpha"}) {
      refused(new TinyModel().number("bitnet." + key, 2), "'bitnet." + key + "' is 2.0");
    }
    accepted(new TinyModel().number("bitnet.residual_scale", 1));
  }

  /** Readers take different factors where a file has none. */
  @Test
  void miniCpmWithoutItsFactors() throws ModelFileException {
    TinyModel model = new TinyModel().text("general.architecture", "minicpm");
    model.integer("minicpm.block_count", 1).integer("minicpm.embedding_length", 64);
    model.integer("minicpm.feed_forward_length", 128).integer("minicpm.attention.head_count", 2);
    model.integer("minicpm.context_length", 32);
    model.number("minicpm.attention.layer_norm_rms_epsilon", 1e-5f);
    for (String key : new String[] {"embedding_scale", "residual_scale", "logit_scale"}) {
      refused(model, "'minicpm." + key + "'");
      model.number("minicpm." + key, 0);
      if (!key.equals("logit_scale")) {
        model.number("minicpm." + key, 2);
      }
    }
    refused(model, "a scale of 0.0 for logits is out of range");
  }

  @Test
  void anArchitectureThatIsNotKnown() throws ModelFileException {
    refused(
        new TinyModel().text("general.architecture", "gpt\u001b[2Jneox"),
        "architecture \"gpt\\u{1b}[2Jneox\"",
        "bitnet-b1.58");
  }

  /** As PrismML's Bonsai 2 has them, whose weights are rotated. */
  @Test
  void keysThatChangeWhatWeightsMean() throws ModelFileException {
    for (String key :
        new String[] {"prism.hadamard.version", "prism.hadamard.block_size", "prism.other"}) {
      refused(
          new TinyModel().integer(key, 1),
          "metadata key '" + key + "'",
          "changes what weights mean");
    }
  }

  @Test
  void sizesThatDoNotFitEachOther() throws ModelFileException {
    refused(new TinyModel().integer("bitnet.attention.head_count", 65), "65 heads");
    refused(new TinyModel().integer("bitnet.attention.head_count_kv", 3), "3 KV heads");
    refused(new TinyModel().integer("bitnet.rope.dimension_count", 31), "31 rotated elements");
    refused(new TinyModel().integer("bitnet.block_count", 0), "bitnet.block_count is 0");
    refused(new TinyModel().integer("bitnet.embedding_length", 1 << 30), "bitnet.embedding_length");
  }

  @Test
  void aHeadThatIsNotFiniteIsRefusedWhereItIsCopied() throws ModelFileException {
    TinyModel model = new TinyModel().tensor("output.weight", WeightFormats.F32, Float.NaN, 64, 8);
    Path path = file(model);
    for (Kernels kernels : Tiers.available()) {
      try (GgufFile file = GgufFile.open(path);
          ThreadTeam team = new ThreadTeam(1)) {
        String sentence =
            assertThrows(
                    ModelFileException.class,
                    () -> Weights.load(file, kernels, team, HeadMode.SCREENED, true))
                .getMessage();
        assertTrue(sentence.contains("tensor 'output.weight'"), sentence);
        assertTrue(sentence.endsWith("it holds weights that are NaN or infinite."), sentence);
      }
    }
    accepted(model); // without a low-bit copy no one looks
  }

  @Test
  void aModelLargerThanTheMachine() throws ModelFileException {
    try (GgufFile file = GgufFile.open(file(new TinyModel()))) {
      WeightsPlan.requireRoom(file, 7L << 40, OptionalLong.empty(), () -> "");
      WeightsPlan.requireRoom(file, 7L << 40, OptionalLong.of(7L << 40), () -> "");
      String sentence =
          assertThrows(
                  ModelFileException.class,
                  () ->
                      WeightsPlan.requireRoom(
                          file, 7L << 20, OptionalLong.of(6L << 20), () -> "do so"))
              .getMessage();
      assertTrue(
          sentence.endsWith(
              "take 7 MiB of memory, but there are only 6 MiB for them, swap included; do so."),
          sentence);
    }
  }

  @Test
  void anOverflowInTheLastLayerIsNoSilentNaN() throws ModelFileException {
    TinyModel model =
        new TinyModel().tensor("blk.0.ffn_down.weight", TinyModel.TERNARY, 3e38f, 128, 64);
    Path path = file(model);
    for (Kernels kernels : Tiers.available()) {
      try (GgufFile file = GgufFile.open(path);
          Weights weights = load(file);
          ThreadTeam team = new ThreadTeam(1);
          Transformer transformer = new Transformer(weights, kernels, team, 1, 1);
          TextInSteps text = new TextInSteps(transformer, 4)) {
        String sentence =
            assertThrows(NonFiniteException.class, () -> text.compute(1)).getMessage();
        assertTrue(sentence.startsWith("after the last layer, the head's input is NaN"), sentence);
        assertEquals(0, text.length());
      }
    }
  }
}
