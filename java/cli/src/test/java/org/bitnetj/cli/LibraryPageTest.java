package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitnetj.testkit.ReadmeExample;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The programs of docs/library.md compile and print what the page promises. */
class LibraryPageTest {
  private static final String PAGE = "docs/library.md";

  /** What each program prints, as a regular expression. */
  private static final Map<String, String> PRINTS =
      Map.of(
          "First",
          ".+ \\(bitnet-b1.58, .* kernels, \\d+ threads?\\)\\n"
              + ".{40,}\\n"
              + "MAX_TOKENS after 40 tokens\\n",
          "Sessions",
          "( .{20,}\\n){3}",
          "Streaming",
          ".{8,40}\\nCANCELLED: .{21,40}\\n",
          "Chat",
          ".{10,}\\n.{10,}\\n5 messages, \\d\\d+ tokens\\n",
          "Json",
          "\\{\\s*\"city\"\\s*:\\s*\"(Rome|Oslo)\"\\s*\\}\\s*",
          "Embeddings",
          "\\d+ elements\\nnear 0\\.\\d+\\nfar  -?0\\.\\d+\\n",
          "Mistakes",
          "README.md.+\\n.+ 8 .+\\n",
          "Warnings",
          "(warning: .+\\n)?scalar kernels, \\d+ threads\\n",
          "Named",
          "microsoft/bitnet-b1.58-2B-4T-gguf is not in .+\\n");

  @TempDir private Path folder;

  static List<String> examples() throws Exception {
    return ReadmeExample.names(PAGE);
  }

  @ParameterizedTest
  @MethodSource("examples")
  void aProgramPrintsWhatThePageSays(String name) throws Exception {
    String printed = ReadmeExample.run(name, name, folder).replace("\r\n", "\n");
    String expected = PRINTS.get(name);
    assertTrue(
        Pattern.compile(expected, Pattern.DOTALL).matcher(printed).matches(),
        () -> printed + "\nis not as " + expected);
    if (name.equals("Embeddings")) {
      double[] similarities =
          printed.lines().skip(1).mapToDouble(l -> Double.parseDouble(l.substring(5))).toArray();
      assertTrue(similarities[0] > similarities[1], printed);
    }
  }

  @Test
  void theArtifactsOfThePageAreThoseOfTheBom() throws Exception {
    Set<String> managed = artifacts("java/bom/pom.xml");
    managed.remove("bitnet-java"); // the parent
    Set<String> named =
        Pattern.compile("bitnet-[a-z0-9-]+(?=[`<])")
            .matcher(Files.readString(root().resolve(PAGE)))
            .results()
            .map(found -> found.group())
            .collect(Collectors.toSet());
    assertEquals(managed, named);
  }

  private static Set<String> artifacts(String pom) throws Exception {
    try (Stream<String> lines = Files.lines(root().resolve(pom))) {
      return lines
          .filter(line -> line.contains("<artifactId>bitnet-"))
          .map(line -> line.replaceAll(".*<artifactId>|</artifactId>.*", ""))
          .collect(Collectors.toSet());
    }
  }

  private static Path root() {
    return Path.of(System.getProperty("bitnet.models")).getParent();
  }
}
