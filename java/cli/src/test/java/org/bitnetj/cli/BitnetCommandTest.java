package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.bitnetj.kernel.ffi.NativeLibrary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class BitnetCommandTest {
  @Test
  void helpListsTheCommandsAndExamples() {
    String help = Outcome.of("--help").succeeds().out();
    for (String command :
        new String[] {
          "run",
          "pull",
          "list",
          "rm",
          "cache",
          "logits",
          "embed",
          "tokenize",
          "detokenize",
          "inspect",
          "convert",
          "synth",
          "doctor",
          "bench"
        }) {
      assertTrue(help.contains("\n  " + command), help);
    }
    assertTrue(help.contains("Examples:"), help);
    assertEquals(help, Outcome.of("help").succeeds().out());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run",
        "chat",
        "pull",
        "list",
        "rm",
        "cache",
        "logits",
        "embed",
        "tokenize",
        "detokenize",
        "inspect",
        "convert",
        "synth",
        "doctor",
        "completion",
        "bench",
        "help"
      })
  void everyCommandHasHelpWithExamples(String command) {
    String help = Outcome.of(command, "--help").succeeds().out();
    assertTrue(help.startsWith("Usage: bitnet " + command), help);
    assertTrue(help.contains("Examples:\n  bitnet " + command), help);
    assertEquals(help, Outcome.of("help", command).succeeds().out());
    help.lines().forEach(line -> assertTrue(line.length() <= 80, line));
    help.lines()
        .dropWhile(line -> !line.equals("Examples:"))
        .skip(1)
        .takeWhile(line -> !line.isEmpty())
        .forEach(line -> assertTrue(line.startsWith("  "), "a wrapped example: " + line));
  }

  @Test
  void helpFollowsTheNamesOfCommands() {
    String kernels = Outcome.of("bench", "kernels", "--help").succeeds().out();
    assertEquals(kernels, Outcome.of("help", "bench", "kernels").succeeds().out());
    Outcome.of("help", "sing").isMisuse("unknown command 'sing'.");
    Outcome.of("help", "chta").isMisuse("Did you mean chat?");
    Outcome.of("help", "bench", "kernel").isMisuse("Did you mean kernels?");
    Outcome.of("help", "run", "x").isMisuse("unexpected argument 'x'.");
    Outcome.of("help", "--json").isMisuse("unknown option '--json'.");
  }

  @Test
  void versionIsOneLineWithTheCommitAndTheCompiler() {
    String out = Outcome.of("--version").succeeds().out();
    String compiler =
        switch (NativeLibrary.status()) {
          case NativeLibrary.Loaded loaded -> "native kernels by " + loaded.compiler();
          case NativeLibrary.Missing _ -> "no native kernels";
        };
    String version = "bitnet.java " + System.getProperty("bitnet.version") + ", commit ";
    assertTrue(out.startsWith(version), out);
    assertTrue(out.endsWith(", " + compiler + System.lineSeparator()), out);
    String commit = out.substring(version.length()).split(",")[0];
    assertTrue(commit.matches("unknown|[0-9a-f]{12,40}(-dirty)?"), out);
  }

  @Test
  void aWrongCommandLineIsMisuse() {
    Outcome.of().isMisuse("Name a command.");
    Outcome.of("sing").isMisuse("unknown command 'sing'.");
    Outcome.of("tokenise", "x").isMisuse("Did you mean tokenize?");
    Outcome.of("chta").isMisuse("Did you mean chat?");
    Outcome.of("rnu", "Once").isMisuse("Did you mean run?");
    Outcome.of("insp").isMisuse("Did you mean inspect?");
    Outcome.of("run", "--tmep", "0", "x").isMisuse("Did you mean --temp?");
    Outcome.of("bench", "kernel").isMisuse("Did you mean kernels?");
    Outcome.of("run", "-N", "5").isMisuse("Did you mean -n?");
    assertFalse(
        Outcome.of("convert", "-m", "x", "y").isMisuse("'-m'").err().contains("Did you mean"));
    Outcome.of("tokenize", "--jsno").isMisuse("bitnet: unknown option '--jsno'.");
    Outcome.of("tokenize", "Once", "upon").isMisuse("Put the text in quotes");
    Outcome.of("tokenize", "-p", "a", "b").isMisuse("Give the text once");
  }

  @Test
  void badFilesAreNamedInOneSentence(@TempDir Path folder) throws IOException {
    Path missing = folder.resolve("none.gguf");
    Path text = Files.writeString(folder.resolve("text.gguf"), "not a model at all, just text");
    Path empty = Files.createFile(folder.resolve("empty.gguf"));
    for (Path file : new Path[] {missing, text, empty, folder}) {
      for (String command : new String[] {"inspect", "tokenize", "detokenize"}) {
        Outcome outcome = Outcome.of(command, "-m", file.toString());
        assertEquals(1, outcome.code(), outcome::toString);
        assertEquals(1, outcome.err().lines().count(), outcome::toString);
        assertTrue(outcome.err().startsWith("bitnet: " + file), outcome::toString);
        assertEquals("", outcome.out());
      }
    }
  }

  /** Of every type that an option has. */
  @Test
  void wrongValuesAreNamedWithoutJavasWords() {
    Outcome.of("run", "-n", "many", "x").isMisuse("-n must be a whole number, not 'many'.");
    Outcome.of("run", "--predict=1.5", "x").isMisuse("--predict must be a whole number, not '1.5'");
    Outcome.of("run", "-n", "99999999999", "x").isMisuse("-n cannot be as large as 99999999999.");
    Outcome.of("run", "--seed", "x", "x").isMisuse("--seed must be a whole number, not 'x'.");
    Outcome.of("run", "-t", "two", "x").isMisuse("-t must be a whole number, not 'two'.");
    Outcome.of("run", "--temp", "hot", "x").isMisuse("--temp must be a number, not 'hot'.");
    Outcome.of("run", "--cache", "f8", "x").isMisuse("--cache must be f16 or f32, not 'f8'.");
    Outcome.of("run", "--think", "x", "x").isMisuse("--think must be show, hide or off, not 'x'.");
    Outcome.of("run", "--echo=x", "x").isMisuse("--echo must be true or false, not 'x'.");
    Outcome.of("run", "-f", "a\0b").isMisuse("-f cannot be 'a");
    Outcome.of("run", "-n").isMisuse("-n needs a value (N).");
    Outcome.of("run", "-n", "--temp", "0", "x").isMisuse("-n needs a value (N).");
    Outcome.of("run", "-n", "1", "-n", "2", "x").isMisuse("-n may be given only once.");
    Outcome.of("inspect", "a", "b").isMisuse("unexpected argument 'b'.");
    Outcome.of("embed", "--pooling", "max", "x").isMisuse("--pooling must be ");
  }

  @Test
  void manyOptionsAreShownInGroups() {
    String run = Outcome.of("run", "--help").succeeds().out();
    int at = 0;
    for (String group : new String[] {"Text", "Model", "Context", "Computation", "What is said"}) {
      int next = run.indexOf("\n\n" + group + ":\n", at);
      assertTrue(next > at, group + " in " + run);
      at = next;
    }
    assertTrue(run.indexOf("\n      --temp") > run.indexOf("\nChoice of tokens"), run);
    assertTrue(run.indexOf("\n      --temp") < run.indexOf("\nContext:"), run);
    String all = Outcome.of("--help").succeeds().out();
    assertTrue(all.contains("\nModels:\n  pull"), all);
    CommandLine every = BitnetCommand.commandLine(null);
    every.getSubcommands().keySet().forEach(name -> assertTrue(all.contains("\n  " + name), name));
  }

  @Test
  void theWidthIsWhatTheTerminalSays() {
    assertEquals(OptionalInt.of(132), TerminalWidth.parse("43 132\n"));
    assertEquals(OptionalInt.of(TerminalWidth.LEAST), TerminalWidth.parse("43 20\n"));
    assertEquals(OptionalInt.empty(), TerminalWidth.parse("0 0\n"));
    assertEquals(OptionalInt.empty(), TerminalWidth.parse(""));
  }

  /** An output whose writes fail with {@code message}. */
  private static OutputStream failing(String message) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException(message);
      }
    };
  }

  private static Outcome writingTo(OutputStream out, String... args) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Streams streams =
        new Streams(
            new ByteArrayInputStream(new byte[0]),
            new Output(out),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            stream -> false);
    int code = BitnetCommand.execute(streams, args);
    return new Outcome(code, new byte[0], err.toString(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "tokenize x", "inspect", "help synth"})
  void aReaderWhoHasHadEnoughEndsItQuietly(String line) {
    Outcome outcome = writingTo(failing("Broken pipe"), line.split(" "));
    assertEquals(0, outcome.code());
    assertEquals("", outcome.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "tokenize x", "inspect", "inspect --format json", "--version"})
  void aFullDiskIsAnError(String line) {
    writingTo(failing("No space left on device"), line.split(" "))
        .fails("cannot write to standard output: No space left on device.");
  }
}
