package org.bitnetj.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The clients that npm has, unmodified: openai, @anthropic-ai/sdk, @openai/agents and the AI SDK.
 * Their tests are in {@code src/test/node}.
 */
@Timeout(600)
class NodeClientsTest {
  private static final Path SOURCES = Path.of("src/test/node");
  private static final Path FOLDER = Path.of("target/node");

  @Test
  void theClientsOfNodeWork() throws Exception {
    assumeTrue(runs("npm", "--version"), "SKIPPED: the clients of Node.js, for want of npm.");
    copySources();
    if (!isInstalled()) {
      Path log = FOLDER.resolve("npm.log");
      boolean installed = run(log, Map.of(), "npm", "ci", "--no-audit", "--no-fund") == 0;
      assumeTrue(
          installed || System.getenv("CI") != null,
          "SKIPPED: npm cannot fetch the clients; " + log + " says why.");
      assertEquals(true, installed, Files.readString(log));
      Files.copy(lock(SOURCES), FOLDER.resolve("installed.json"));
    }
    try (Served served = new Served()) {
      Path log = FOLDER.resolve("tests.log");
      int status = run(log, Map.of("BITNET_URL", served.url()), "node", "--test");
      assertEquals(0, status, Files.readString(log));
    }
  }

  private static Path lock(Path folder) {
    return folder.resolve("package-lock.json");
  }

  private static boolean isInstalled() throws IOException {
    Path installed = FOLDER.resolve("installed.json");
    return Files.exists(installed) && Files.mismatch(lock(SOURCES), installed) < 0;
  }

  private static void copySources() throws IOException {
    Files.createDirectories(FOLDER);
    Files.deleteIfExists(isInstalled() ? FOLDER.resolve("none") : FOLDER.resolve("installed.json"));
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, FOLDER.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static boolean runs(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static int run(Path log, Map<String, String> environment, String... command)
      throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(List.of(command))
            .directory(FOLDER.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(300, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      throw new AssertionError(Files.readString(log));
    }
    return process.exitValue();
  }
}
