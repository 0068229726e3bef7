package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What a release has besides the program: man pages, completion, and files for other tools. */
class ReleaseFilesTest {
  private static final Path ROOT = Path.of(System.getProperty("bitnet.models")).getParent();

  @TempDir private Path folder;

  @Test
  void everyCommandHasAPageWithItsOptionsAndEveryShellItsScript() throws IOException {
    ReleaseFiles.write(folder);
    String all = page("bitnet");
    CommandLine program =
        BitnetCommand.commandLine(
            new Streams(
                InputStream.nullInputStream(),
                new Output(OutputStream.nullOutputStream(), false),
                System.err,
                s -> false));
    for (CommandLine command : program.getSubcommands().values()) {
      String name = command.getCommandName();
      if (name.equals("help")) {
        continue;
      }
      assertTrue(all.contains(".TP\n\\fB" + name + "\\fR\n"), name);
      String page = page("bitnet-" + name);
      command
          .getCommandSpec()
          .options()
          .forEach(
              option ->
                  assertEquals(
                      !option.hidden(),
                      page.contains(option.longestName().replace("-", "\\-")),
                      () -> name + " " + option.longestName()));
    }
    for (String shell : List.of("bash", "zsh", "fish")) {
      String script = Files.readString(folder.resolve("completions/bitnet." + shell));
      assertEquals(Outcome.of("completion", shell).succeeds().out(), script);
    }
    String fish = Files.readString(folder.resolve("completions/bitnet.fish"));
    assertTrue(fish.contains("complete -c bitnet -n '__fish_use_subcommand' -f -a run -d '"), fish);
    assertTrue(
        fish.lines()
            .anyMatch(
                line ->
                    line.startsWith(
                            "complete -c bitnet -n '__fish_seen_subcommand_from run' -s m -l model"
                                + " -r")
                        && line.contains("2b4t")),
        fish);
  }

  private String page(String name) throws IOException {
    String page = Files.readString(folder.resolve("man/man1/" + name + ".1"));
    assertTrue(page.startsWith(".TH \"" + name.toUpperCase(Locale.ROOT).replace("-", "\\-")));
    for (String part : List.of("NAME", "SYNOPSIS", "OPTIONS")) {
      assertTrue(page.contains("\n.SH \"" + part + "\"\n"), page);
    }
    assertFalse(page.contains("${") || page.contains("%%") || page.contains("@|"), page);
    Set<String> known = Set.of("TH", "SH", "TP", "PP", "nf", "fi");
    page.lines()
        .filter(line -> line.startsWith(".") || line.startsWith("'"))
        .forEach(line -> assertTrue(known.contains(line.split(" ")[0].substring(1)), line));
    return page;
  }

  /** The pages are formatted without complaint where there is groff. */
  @Test
  void groffHasNothingToSayAboutThePages() throws Exception {
    Assumptions.assumeTrue(
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(place -> Files.isExecutable(Path.of(place, "groff"))));
    ReleaseFiles.write(folder);
    try (Stream<Path> pages = Files.list(folder.resolve("man/man1"))) {
      for (Path page : pages.toList()) {
        Process groff =
            new ProcessBuilder("groff", "-man", "-Tutf8", "-ww", "-z", page.toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(groff.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals("", said, page::toString);
        assertEquals(0, groff.waitFor());
      }
    }
  }

  @Test
  void theCatalogOfJbangNamesWhatIsPublished() throws IOException {
    JsonNode alias =
        new ObjectMapper()
            .readTree(ROOT.resolve("jbang-catalog.json").toFile())
            .get("aliases")
            .get("bitnet");
    assertEquals(published("java/cli"), alias.get("script-ref").textValue());
    assertEquals(1, alias.get("dependencies").size());
    assertEquals(published("java/server"), alias.get("dependencies").get(0).textValue());
    assertEquals(BitnetCommand.class.getName(), alias.get("main").textValue());
    assertEquals("25+", alias.get("java").textValue());
  }

  /** By which the latest release of that module is found. */
  private static String published(String module) throws IOException {
    String pom = Files.readString(ROOT.resolve(module).resolve("pom.xml"));
    assertTrue(pom.contains("<maven.deploy.skip>false</maven.deploy.skip>"), module);
    Matcher artifact =
        Pattern.compile("(?s)<groupId>(.+?)</groupId>.*</parent>\\s*<artifactId>(.+?)</artifactId>")
            .matcher(pom);
    assertTrue(artifact.find(), module);
    return artifact.group(1) + ":" + artifact.group(2) + ":RELEASE";
  }

  @Test
  void theContainerRunsAReleaseAsAUserOfItsOwnWithinALimitOfMemory() throws IOException {
    List<String> docker = Files.readAllLines(ROOT.resolve("Dockerfile"));
    List<String> stages = docker.stream().filter(line -> line.startsWith("FROM ")).toList();
    assertEquals(
        List.of("FROM eclipse-temurin:25-jdk AS build", "FROM eclipse-temurin:25-jre"), stages);
    int user = docker.indexOf("USER bitnet");
    assertTrue(user > docker.indexOf(stages.getLast()), "the last stage is root's");
    assertTrue(docker.indexOf("ENTRYPOINT [\"/opt/bitnet/bitnet\"]") > user);
    assertTrue(docker.contains("CMD [\"serve\", \"--host\", \"0.0.0.0\"]"));
    String compose = Files.readString(ROOT.resolve("compose.yaml"));
    assertFalse(compose.contains("\t"));
    for (String line :
        List.of(
            "    mem_limit: ${MEMORY:-3g}",
            "    memswap_limit: ${MEMORY:-3g}",
            "      - \"127.0.0.1:8080:8080\"",
            "    read_only: true")) {
      assertTrue(compose.lines().anyMatch(line::equals), line);
    }
    assertTrue(compose.contains("models/" + Models.SHIPPED.getFileName()));
  }

  @Test
  void theWorkflowBuildsOnEverySystemThatHasAnArchive() throws IOException {
    String workflow = Files.readString(ROOT.resolve(".github/workflows/build.yml"));
    String archives = Files.readString(ROOT.resolve("java/cli/src/dist/archives.xml"));
    for (String platform :
        List.of("linux-x86_64", "linux-aarch64", "macos-aarch64", "windows-x86_64")) {
      assertTrue(workflow.contains("platform: " + platform + " }"), platform);
      assertTrue(archives.contains("-archive platform=\"" + platform + "\"/>"), platform);
    }
    assertTrue(workflow.contains("run: mvn verify\n"));
  }
}
