package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** An archive of this machine, unpacked, and an empty folder in which its launcher is run. */
final class UnpackedRelease {
  private static final List<String> PROGRAMS =
      List.of("sh", "cat", "cksum", "find", "mkdir", "mv", "rm", "sed", "sync", "uname", "wc");

  private final Path folder;
  private final Path root;
  private final Path empty;
  private final Path tools;

  /**
   * @param archives the folder with archives
   * @param kind what the archive's name has behind the platform
   * @param folder an empty one for all that this makes
   */
  UnpackedRelease(Path archives, String kind, Path folder) throws Exception {
    String os = System.getProperty("os.name").startsWith("Linux") ? "linux" : "macos";
    String cpu = System.getProperty("os.arch").matches("amd64|x86_64") ? "x86_64" : "aarch64";
    String name = "bitnet-" + System.getProperty("bitnet.version") + "-" + os + "-" + cpu + kind;
    Path archive = archives.resolve(name + ".tar.gz");
    assertTrue(Files.exists(archive), archive::toString);
    this.folder = folder.toRealPath();
    Path place = Files.createDirectory(this.folder.resolve("un packed"));
    Process tar =
        new ProcessBuilder("tar", "-xzf", archive.toString(), "-C", place.toString())
            .inheritIO()
            .start();
    assertEquals(0, tar.waitFor());
    root = place.resolve(name);
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

  /** What was unpacked. */
  Path root() {
    return root;
  }

  /** What the last command that has ended said on its error stream. */
  String said() throws IOException {
    return Files.readString(folder.resolve("said"));
  }

  /** Starts the launcher with no other program on the path than those that it needs. */
  Process start(Map<String, String> environment, String... args) throws IOException {
    List<String> command = new ArrayList<>(List.of(root.resolve("bitnet").toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(empty.toFile())
            .redirectError(folder.resolve("said").toFile());
    builder.environment().clear();
    builder.environment().put("PATH", tools.toString());
    builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    return process;
  }

  /** What a command writes that succeeds and leaves the empty folder empty. */
  String run(Map<String, String> environment, String... args) throws Exception {
    Process process = start(environment, args);
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(120, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), said());
    try (Stream<Path> files = Files.list(empty)) {
      assertEquals(List.of(), files.toList());
    }
    return out;
  }
}
