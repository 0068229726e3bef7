package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** -o is a file for every command that has it. */
class OutputOptionTest {
  @TempDir private Path folder;

  private static String[] with(String line, String... more) {
    return Stream.concat(Stream.of(line.split(" ")), Stream.of(more)).toArray(String[]::new);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run -n 8 --temp 0 Once",
        "tokenize Once",
        "tokenize --format json Once",
        "detokenize 351 975",
        "detokenize --raw 351 975",
        "perplexity Once_upon",
        "embed --pooling last Once",
        "embed --pooling last --format npy Once",
        "embed --pooling last --similarity Once Twice",
        "logits -p Once",
        "inspect",
        "inspect --format json"
      })
  void aFileGetsWhatStandardOutputGets(String line) throws IOException {
    byte[] standard = Outcome.of(with(line, "-o", "-")).succeeds().bytes();
    assertTrue(standard.length > 0);
    Path file = folder.resolve("result");
    Outcome written = Outcome.of(with(line, "-o", file.toString())).succeeds();
    assertEquals("", written.out());
    assertArrayEquals(standard, Files.readAllBytes(file));
    Files.writeString(file, "precious");
    Outcome.of(with(line, "-o", file.toString())).fails(file + " exists; --force replaces it.");
    assertEquals("precious", Files.readString(file));
    Outcome.of(with(line, "-o", file.toString(), "--force")).succeeds();
    assertArrayEquals(standard, Files.readAllBytes(file));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run Once",
        "tokenize Once",
        "detokenize 351 975",
        "perplexity Once_upon",
        "embed --pooling last Once",
        "logits -p Once",
        "inspect",
        "doctor",
        "bench"
      })
  void theModelIsNeverReplaced(String line) throws IOException {
    Path model = Files.copy(Models.SHIPPED, folder.resolve("model.gguf"));
    Outcome.of(with(line, "-m", model.toString(), "-o", model.toString(), "--force"))
        .fails("cannot write " + model + ": this command reads that file; name another one.");
    assertEquals(-1, Files.mismatch(Models.SHIPPED, model));
  }

  @Test
  void aFormatIsNoFile() {
    Outcome.of("bench", "-o", "json").isMisuse("which --format json chooses");
    Outcome.of("inspect", "-o", "JSON").isMisuse("a file of that name is ./JSON.");
    Outcome.of("doctor", "--json").isMisuse("Did you mean --format json?");
    Outcome.of("bench", "--csv").isMisuse("Did you mean --format csv?");
    Outcome.of("embed", "--json").isMisuse("Did you mean --format jsonl?");
    Outcome.of("embed", "Once", "-o", "json").isMisuse("which --format jsonl chooses");
    Outcome.of("doctor", "-o", "csv").isMisuse("a format, which this command does not have;");
    for (String[] line : new String[][] {{"doctor", "--csv"}, {"inspect", "--md"}}) {
      Outcome none = Outcome.of(line);
      none.isMisuse("bitnet: unknown option '" + line[1] + "'");
      assertFalse(none.err().contains("--format"), none::toString);
    }
  }

  @Test
  void theNameOfAFileChoosesTheFormOfVectors() throws IOException {
    Path file = folder.resolve("x.npy");
    Outcome.of("embed", "--pooling", "last", "Once", "-o", file.toString()).succeeds();
    assertEquals((byte) 0x93, Files.readAllBytes(file)[0]);
    Path lines = folder.resolve("y.npy");
    Outcome.of("embed", "--pooling", "last", "Once", "--format", "jsonl", "-o", "" + lines)
        .succeeds();
    assertTrue(Files.readString(lines).startsWith("{\"tokens\":"));
  }

  @Test
  void numbersOfAMachineDoNotGoToATerminal() {
    Outcome.run(
            InputStream.nullInputStream(),
            stream -> stream == Streams.Standard.OUT,
            "logits",
            "-p",
            "Once",
            "-o",
            "-")
        .isMisuse("The result is no text for a terminal; name a file by -o");
  }

  @Test
  void modelsDoNotGoToStandardOutput() {
    Outcome.of("convert", Models.SHIPPED.toString(), "-").isMisuse("cannot go to standard output");
    Outcome.of("synth", "--shape", "125M", "-o", "-").isMisuse("cannot go to standard output");
    assertFalse(Files.exists(Path.of("-")));
  }

  @Test
  void aFailureLeavesNoFile() {
    Path file = folder.resolve("result");
    assertEquals(1, Outcome.of("detokenize", "99999", "-o", file.toString()).code());
    assertFalse(Files.exists(file));
  }

  @Test
  void aSessionHasNoOutputFile() {
    Outcome.run(InputStream.nullInputStream(), stream -> true, "run", "-o", "x")
        .isMisuse("give the text");
  }
}
