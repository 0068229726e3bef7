package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertCommandTest {
  @TempDir private Path folder;
  private Path made;

  @BeforeEach
  void name() {
    made = folder.resolve("made.gguf");
  }

  private Outcome convert(String... more) {
    return Outcome.of(
        Stream.concat(
                Stream.of("convert", Models.SHIPPED.toString(), made.toString()), Stream.of(more))
            .toArray(String[]::new));
  }

  private byte[] logits(Path model) throws IOException {
    Path npy = folder.resolve(model.getFileName() + ".npy");
    Outcome.of("logits", "-m", model.toString(), "-p", "Once upon", "-o", npy.toString())
        .succeeds();
    byte[] logits = Files.readAllBytes(npy);
    Files.delete(npy);
    return logits;
  }

  @Test
  void theNewFileSaysTheSame() throws IOException {
    convert("--weights", "TQ2_0", "--head", "f32").succeeds().says(made + ": ").says(" MB/s");
    assertArrayEquals(logits(Models.SHIPPED), logits(made));
    String shown = Outcome.of("inspect", made.toString()).succeeds().out();
    assertTrue(shown.contains("general.file_type = 37"), shown);
    assertTrue(shown.lines().anyMatch(l -> l.matches(" *token_embd.weight +F32 .*")), shown);
    assertTrue(shown.lines().anyMatch(l -> l.matches(" *blk.0.attn_q.weight +TQ2_0 .*")), shown);
  }

  @Test
  void fiveDigitsAByteComputeTheSameAndAreNamed() throws IOException {
    byte[] expected = logits(Models.SHIPPED);
    convert("--weights", "panels1.6").succeeds();
    assertArrayEquals(expected, logits(made));
    String shown = Outcome.of("inspect", made.toString()).succeeds().out();
    assertTrue(
        shown.lines().anyMatch(l -> l.matches(" *blk.0.attn_q.weight +panels1.6 .*")), shown);
    assertTrue(shown.lines().anyMatch(l -> l.matches(" *blk.0.ffn_up.weight +rows2 .*")), shown);
    convert("--weights", "panels1.6", "--no-sparse", "--force").succeeds();
    assertArrayEquals(expected, logits(made));
    shown = Outcome.of("inspect", made.toString()).succeeds().out();
    assertTrue(
        shown.lines().anyMatch(l -> l.matches(" *blk.0.ffn_up.weight +panels1.6 .*")), shown);
  }

  @Test
  void everyCommandWorksOnAFileInTheEnginesOwnLayouts() throws IOException {
    convert("--weights", "panels").succeeds();
    byte[] expected = logits(Models.SHIPPED);
    assertArrayEquals(expected, logits(made));
    String model = made.toString();
    String shown = Outcome.of("inspect", model).succeeds().out();
    assertTrue(shown.contains("they were I2_S."), shown);
    assertTrue(shown.contains("bitnet.layout.version = 1"), shown);
    assertTrue(shown.lines().anyMatch(l -> l.matches(" *blk.0.attn_q.weight +panels2 .*")), shown);
    assertFalse(shown.contains("cannot run"), shown);
    for (String[] command :
        new String[][] {
          {"tokenize", "-p", "Once upon"},
          {"run", "-n", "8", "--temp", "0", "Once upon"},
          {"perplexity", "-p", "Once upon a time there was a little dog."}
        }) {
      String[] ours = command.clone();
      assertEquals(
          Outcome.of(with(command, Models.SHIPPED.toString())).succeeds().out(),
          Outcome.of(with(ours, model)).succeeds().out(),
          command[0]);
    }
    Outcome.of("bench", "-m", model, "-p", "8", "-n", "4", "-r", "1").succeeds();
    Path back = folder.resolve("back.gguf");
    Outcome.of("convert", model, back.toString()).succeeds();
    String types = Outcome.of("inspect", back.toString()).succeeds().out();
    assertTrue(types.lines().anyMatch(l -> l.matches(" *blk.0.attn_q.weight +I2_S .*")), types);
    assertFalse(types.contains("bitnet.layout."), types);
    assertArrayEquals(expected, logits(back));
  }

  private static String[] with(String[] command, String model) {
    return Stream.concat(Stream.of(command[0], "-m", model), Stream.of(command).skip(1))
        .toArray(String[]::new);
  }

  @Test
  void aFileThatIsThereIsReplacedOnlyByForceAndTheModelNever() throws IOException {
    Files.writeString(made, "precious");
    convert().fails(made + " exists; --force replaces it.");
    assertEquals("precious", Files.readString(made));
    convert("--force").succeeds();
    Path copy = Files.copy(Models.SHIPPED, folder.resolve("copy.gguf"));
    Outcome.of("convert", copy.toString(), copy.toString(), "--force")
        .fails("cannot write " + copy + ": this command reads that file; name another one.");
    assertEquals(-1, Files.mismatch(Models.SHIPPED, copy));
  }

  @Test
  void whatCannotBeDoneIsSaidAndLeavesNothing() {
    Outcome outcome = convert("--weights", "q1_0");
    assertEquals(1, outcome.code());
    outcome.says("of which Q1_0 has none; choose a ternary type.");
    assertFalse(Files.exists(made));
    assertEquals(List.of(), List.of(folder.toFile().list()));
    Path missing = folder.resolve("none.gguf");
    Outcome.of("convert", missing.toString(), made.toString())
        .says(missing + ": there is no such file; a model of the Hugging Face hub is named");
  }

  @Test
  void wrongTypesAreMisuse() {
    convert("--weights", "tq3_0").isMisuse("There is no type 'tq3_0' here; choose one of tq1_0");
    convert("--weights", "q9").isMisuse(", panels, panels1.6.");
    convert("--head", "i2_s").isMisuse("There is no type 'i2_s' here; choose one of f32, f16");
    convert("--activations", "column").isMisuse("column");
    Outcome.of("convert", "x.gguf").isMisuse("bitnet: DST is missing.");
    Outcome.of("convert").isMisuse("bitnet: SRC is missing.");
  }

  @Test
  void helpNamesEveryType() {
    String help = Outcome.of("convert", "--help").succeeds().out();
    for (String type : List.of("i2_s", "tq1_0", "stq1_0:43", "q6_k", "bf16", "iq4_nl")) {
      assertTrue(help.contains(type), type);
    }
  }
}
