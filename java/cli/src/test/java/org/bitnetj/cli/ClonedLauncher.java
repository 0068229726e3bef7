package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script {@code bitnet} in a clone where all is built. Its JDK only writes down how it was
 * called, and makes a cache of the jar's content.
 */
abstract class ClonedLauncher {
  private static final String JAVA =
      """
      #!/bin/sh
      for word in "$@"; do
        case $word in -XX:AOTCacheOutput=*) output=${word#*=} ;; -jar) ;; *.jar) jar=$word ;; esac
      done
      echo "$BITNET_KERNELS: $*" >>"${0%/*}/calls"
      [ -z "${output:-}" ] || [ -f "${0%/*}/broken" ] || cat "$jar" >"$output"
      """;

  /** What the script calls besides Java and the tools of a build. */
  private static final List<String> PROGRAMS =
      List.of(
          "sh",
          "cat",
          "cksum",
          "find",
          "grep",
          "head",
          "mkdir",
          "mv",
          "readlink",
          "rm",
          "sed",
          "sleep",
          "sync",
          "tail",
          "touch",
          "uname",
          "wc");

  /** Which of this process's variables would change what the script does. */
  static final Predicate<String> INHERITED =
      name -> name.startsWith("BITNET_") || Set.of("CC", "CI", "MVNW_REPOURL").contains(name);

  @TempDir Path folder;
  Path clone;
  Path jdk;
  String said = "";

  @BeforeEach
  final void build() throws IOException {
    clone = folder.toRealPath().resolve("a clone");
    for (String source :
        List.of(
            "pom.xml",
            ".mvn/maven.config",
            "CMakeLists.txt",
            "cmake/a.cmake",
            "native/include/a.h",
            "native/src/a.c",
            "bench/pom.xml",
            "bench/src/main/A.java",
            "java/engine/pom.xml",
            "java/engine/src/main/A.java",
            "java/cli/pom.xml",
            "java/cli/src/main/A.java",
            "java/cli/target/bitnet.jar",
            "java/cli/target/lib/a.jar")) {
      write(clone.resolve(source), source);
    }
    Path script = Path.of(System.getProperty("bitnet.models")).resolveSibling("bitnet");
    Files.copy(script, clone.resolve("bitnet"));
    Files.copy(script.resolveSibling("bitnet.cmd"), clone.resolveSibling("bitnet.cmd"));
    jdk = jdk("jdk");
    stamp("native");
  }

  final Path jdk(String name) throws IOException {
    Path home = folder.toRealPath().resolve(name);
    write(home.resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
    write(home.resolve("lib/modules"), "the modules of " + name);
    for (String program : List.of("java", "javac")) {
      Path file = home.resolve("bin").resolve(program);
      write(file, JAVA);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    return home;
  }

  final void stamp(String kernels) throws IOException {
    write(clone.resolve("target/bitnet.stamp"), kernels + "\n");
  }

  static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  final Path jar() {
    return clone.resolve("java/cli/target/bitnet.jar");
  }

  final Path cache() {
    return clone.resolve("java/cli/target/bitnet.aot");
  }

  /** How java was called by {@code ./bitnet args}: BITNET_KERNELS, a colon, the arguments. */
  final List<String> calls(Map<String, String> environment, String... args) throws Exception {
    Path calls = jdk.resolve("bin/calls");
    Files.deleteIfExists(calls);
    assertEquals(0, start(environment, args), said);
    return Files.readAllLines(calls);
  }

  /** The exit code of {@code ./bitnet args}; {@link #said} has what it said. */
  final int start(Map<String, String> environment, String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", clone.resolve("bitnet").toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(INHERITED);
    builder.environment().put("JAVA_HOME", jdk.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    said = new String(process.getInputStream().readAllBytes());
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return process.exitValue();
  }

  /** As a build does: no file is changed in the same instant as the one before. */
  static void change(Path file, String text) throws Exception {
    FileTime before = Files.getLastModifiedTime(file);
    do {
      Thread.sleep(5);
      Files.writeString(file, text);
    } while (Files.getLastModifiedTime(file).equals(before));
  }

  /** A folder as the archive of a release unpacks, in the clone's place. */
  final void release(String platform) throws IOException {
    Path unpacked = folder.toRealPath().resolve("a release");
    write(unpacked.resolve("bitnet.platform"), platform + "\n");
    write(unpacked.resolve("bitnet.jar"), "the jar of a release");
    write(unpacked.resolve("lib/a.jar"), "a library");
    Files.copy(clone.resolve("bitnet"), unpacked.resolve("bitnet"));
    clone = unpacked;
    Files.delete(jdk.resolve("bin/javac"));
  }

  final void executable(String tool, String text) throws IOException {
    Path file = folder.resolve("tools").resolve(tool);
    write(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  /** No tools, so that no build is worth while: nothing but what the script itself calls. */
  final Map<String, String> bare() throws IOException {
    Path tools = Files.createDirectories(folder.resolve("tools"));
    for (String program : PROGRAMS) {
      if (!Files.exists(tools.resolve(program))) {
        Files.createSymbolicLink(tools.resolve(program), program(program).orElseThrow());
      }
    }
    return Map.of("PATH", tools.toString());
  }

  static Optional<Path> program(String name) {
    return Stream.of(System.getenv("PATH").split(":"))
        .map(place -> Path.of(place, name))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
