package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
  @TempDir private Path folder;
  private UnpackedRelease release;

  @BeforeEach
  void unpack() throws Exception {
    Path work = Files.createDirectory(folder.resolve("work"));
    release = new UnpackedRelease(Path.of(System.getProperty("bitnet.archives")), "", work);
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

  @Test
  void itRunsInAnEmptyFolderWithARuntimeAlone() throws Exception {
    Map<String, String> java = Map.of("JAVA_HOME", runtime().toString());
    String text = release.run(java, "run", "-n", "3", "--temp", "0", "Once");
    assertTrue(text.startsWith("Once") && text.length() > 8, text);
    String said = release.said();
    assertTrue(said.startsWith("bitnet: preparing the start-up cache ...\n"), said);
    assertTrue(!said.contains("without native kernels") && !said.contains("cannot use"), said);
    assertTrue(Files.size(release.root().resolve("bitnet.aot")) > 1_000_000);
    assertEquals(text, release.run(java, "run", "-n", "3", "--temp", "0", "Once"));
    assertTrue(!release.said().contains("preparing"), release.said());
    assertTrue(release.run(java, "--version").contains(System.getProperty("bitnet.version")));
    assertTrue(release.run(java, "serve", "--help").contains("--port"));
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
      assertTrue(Files.isRegularFile(release.root().resolve(file)), file);
    }
  }
}
