package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the shell offers after a word, by its own function where there is a bash. */
class CompletionTest {
  @TempDir private static Path folder;
  private static Path script;

  @BeforeAll
  static void write() throws IOException {
    script =
        Files.writeString(folder.resolve("completion"), Outcome.of("completion").succeeds().out());
    Files.createDirectories(folder.resolve("models/sub"));
    Files.writeString(folder.resolve("models/x.gguf"), "");
  }

  private static List<String> offered(String... words) throws Exception {
    Assumptions.assumeTrue(
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(place -> Files.isExecutable(Path.of(place, "bash"))));
    String quoted = "'" + String.join("' '", words) + "'";
    Process bash =
        new ProcessBuilder(
                "bash",
                "-c",
                "source "
                    + script
                    + "; COMP_WORDS=(bitnet "
                    + quoted
                    + "); COMP_CWORD="
                    + words.length
                    + "; [[ $(complete -p bitnet) =~ -F\\ ([^ ]*) ]]; ${BASH_REMATCH[1]}"
                    + "; printf '%s\\n' \"${COMPREPLY[@]}\"")
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    List<String> lines = bash.inputReader().readAllLines();
    assertTrue(bash.waitFor(60, TimeUnit.SECONDS));
    return lines.stream().map(String::strip).filter(line -> !line.isEmpty()).toList();
  }

  @Test
  void anOptionIsOfferedItsOwnValues() throws Exception {
    assertEquals(List.of("show", "hide", "off"), offered("run", "--think", ""));
    assertEquals(List.of("auto", "screened", "full"), offered("run", "--head", ""));
    assertTrue(offered("convert", "--weights", "").contains("tq2_0"));
    assertTrue(offered("convert", "--head", "").contains("q6_k"));
    assertTrue(offered("synth", "--shape", "").contains("2B4T"));
    assertTrue(offered("synth", "--arch", "").contains("qwen3"));
  }

  @Test
  void anotherShellIsRefusedByTheNameOfTheArgument() {
    Outcome.of("completion", "tcsh")
        .isMisuse("bitnet: SHELL must be bash, zsh or fish, not 'tcsh'.");
    Outcome.of("bench", "--compare", "a.json").isMisuse("bitnet: --compare needs 2 values (FILE).");
  }

  @Test
  void aModelIsAFileOrAShortName() throws Exception {
    assertTrue(offered("run", "-m", "").containsAll(List.of("2b4t", "models")));
    assertEquals(
        Set.of("models/sub", "models/x.gguf"), Set.copyOf(offered("run", "-m", "models/")));
    assertEquals(List.of("2b4t"), offered("run", "-m", "2"));
    for (String[] command : new String[][] {{"inspect"}, {"convert"}, {"synth", "--vocab"}}) {
      for (String word : List.of("models/x", "2b")) {
        List<String> found =
            offered(Stream.concat(Stream.of(command), Stream.of(word)).toArray(String[]::new));
        assertEquals(List.of(word.equals("2b") ? "2b4t" : "models/x.gguf"), found);
      }
    }
  }

  @Test
  void theMarkOfFilesIsNeverOffered() throws Exception {
    for (String[] command : new String[][] {{"run", "-m"}, {"inspect"}, {"convert"}}) {
      for (String word : List.of("", "<", "<f")) {
        List<String> found =
            offered(Stream.concat(Stream.of(command), Stream.of(word)).toArray(String[]::new));
        assertTrue(found.stream().noneMatch(w -> w.contains("<")), found::toString);
      }
    }
  }

  @Test
  void whatIsFetchedIsNoFile() throws Exception {
    assertTrue(offered("pull", "").contains("2b4t"));
    assertEquals(List.of(), offered("pull", "models/"));
  }

  @Test
  void filesWithSpacesAreOneWord() throws Exception {
    Path file = Files.writeString(folder.resolve("models/sub/my model.gguf"), "");
    assertEquals(List.of("models/sub/my model.gguf"), offered("run", "-m", "models/sub/"));
    Files.delete(file);
  }

  /** Picocli keeps them in one array for each label, so that the last would stand for all. */
  @Test
  void noTwoValuesOfACommandShareAnArray() throws IOException {
    Set<String> arrays = new HashSet<>();
    for (String line : Files.readAllLines(script)) {
      if (line.startsWith("function ")) {
        arrays.clear();
      }
      if (line.matches(" *local \\w+_args=.*")) {
        assertTrue(arrays.add(line.strip().split("=")[0]), line);
      }
    }
  }
}
