package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The archive for this machine, unpacked and run in an empty folder, with a Java that has no
 * compiler and no other tool of a build: {@code mvn -Pdist verify}.
 */
@DisabledOnOs(OS.WINDOWS) // the archive for Windows is a zip with another launcher
@EnabledIfSystemProperty(named = "bitnet.archives", matches = ".+")
class ReleaseArchiveTest {
  private static final List<String> PROGRAMS =
      List.of("sh", "cat", "cksum", "find", "mkdir", "mv", "rm", "sed", "sync", "uname", "wc");

  @TempDir private Path folder;
  private Path unpacked;
  private Path empty;
  private Path tools;

  @BeforeEach
  void unpack() throws Exception {
    String os = System.getProperty("os.name").startsWith("Linux") ? "linux" : "macos";
    String cpu = System.getProperty("os.arch").matches("amd64|x86_64") ? "x86_64" : "aarch64";
    String name = "bitnet-" + System.getProperty("bitnet.version") + "-" + os + "-" + cpu;
    Path archive = Path.of(System.getProperty("bitnet.archives"), name + ".tar.gz");
    assertTrue(Files.exists(archive), archive::toString);
    Path place = Files.createDirectory(folder.toRealPath().resolve("un packed"));
    Process tar =
        new ProcessBuilder("tar", "-xzf", archive.toString(), "-C", place.toString())
            .inheritIO()
            .start();
    assertEquals(0, tar.waitFor());
    unpacked = place.resolve(name);
    empty = Files.createDirectory(folder.resolve("empty"));
    tools = Files.createDirectory(folder.resolve("tools"));
    for (String program : PROGRAMS) {
      Path found =
          Stream.of(System.getenv("PATH").split(":"))
              .map(directory -> Path.of(directory, program))
              .filter(Files::isExecutable)
              .findFirst()
              .orElseThrow();
      Files.createSymbolicLink(tools.resolve(program), found);
    }
  }

  /** A Java runtime without javac. */
  private Path runtime() throws IOException {
    Path real = Path.of(System.getProperty("java.home"));
    Path home = Files.createDirectories(folder.toRealPath().resolve("jre"));
    Files.createDirectories(home.resolve("bin"));
    Files.createSymbolicLink(home.resolve("bin/java"), real.resolve("bin/java"));
    Files.createSymbolicLink(home.resolve("lib"), real.resolve("lib"));
    Files.copy(real.resolve("release"), home.resolve("release"));
    return home;
  }

  private String said() throws IOException {
    return Files.readString(folder.resolve("said"));
  }

  private String bitnet(Path java, String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of(unpacked.resolve("bitnet").toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(empty.toFile())
            .redirectError(folder.resolve("said").toFile());
    builder.environment().clear();
    builder.environment().put("PATH", tools.toString());
    builder.environment().put("JAVA_HOME", java.toString());
    builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
    Process process = builder.start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(120, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), this::unchecked);
    return out;
  }

  private String unchecked() {
    try {
      return said();
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void itRunsInAnEmptyFolderWithARuntimeAlone() throws Exception {
    Path java = runtime();
    String text = bitnet(java, "run", "-n", "3", "--temp", "0", "Once");
    assertTrue(text.startsWith("Once") && text.length() > 8, text);
    String said = said();
    assertTrue(said.startsWith("bitnet: preparing the start-up cache ...\n"), said);
    assertTrue(!said.contains("without native kernels") && !said.contains("cannot use"), said);
    assertTrue(Files.size(unpacked.resolve("bitnet.aot")) > 1_000_000);
    assertEquals(text, bitnet(java, "run", "-n", "3", "--temp", "0", "Once"));
    assertTrue(!said().contains("preparing"), said());
    assertTrue(bitnet(java, "--version").contains(System.getProperty("bitnet.version")));
    assertTrue(bitnet(java, "serve", "--help").contains("--port"));
    try (Stream<Path> files = Files.list(empty)) {
      assertEquals(List.of(), files.toList());
    }
  }

  @Test
  void itHasTheLicencePagesAndScripts() {
    for (String file :
        List.of(
            "LICENSE",
            "README.md",
            "CHANGELOG.md",
            "models/README.md",
            "completions/bitnet.bash",
            "completions/bitnet.zsh",
            "completions/bitnet.fish",
            "man/man1/bitnet.1",
            "man/man1/bitnet-run.1")) {
      assertTrue(Files.isRegularFile(unpacked.resolve(file)), file);
    }
  }
}
