package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher of Windows, run by Wine's cmd with a java.exe that shows its command line and exits
 * with 7. Where there is no Wine and no MinGW-w64 this is skipped.
 */
class WindowsLauncherTest {
  private static final String SHOWN = "\"C:\\jdk 25\\bin\\java.exe\" ";
  private static final String PLAIN = "-XX:+UseSerialGC -XX:-UsePerfData";
  private static final String QUICK = PLAIN + " -XX:TieredStopAtLevel=1";
  private static final String VECTOR = PLAIN + " --add-modules jdk.incubator.vector";
  private static final Map<String, String> JDK = Map.of("JAVA_HOME", "C:\\jdk 25");

  private static final String JAVA =
      """
      #include <stdio.h>
      #include <windows.h>
      int main(void) {
        puts(GetCommandLineA());
        return 7;
      }
      """;

  @TempDir static Path folder;

  /** What a call printed, without the ends of lines. */
  private record Run(int status, List<String> lines) {}

  @BeforeAll
  static void install() throws Exception {
    Path source = folder.resolve("java.c");
    Files.writeString(source, JAVA);
    Path drive = folder.resolve("wine/drive_c");
    assumeTrue(isThere("wine", "--version"), "there is no Wine");
    String compiler = "x86_64-w64-mingw32-gcc";
    assumeTrue(isThere(compiler, "--version"), "there is no MinGW-w64");
    assumeTrue(cmd(Map.of(), "exit 0").status == 0, "Wine cannot start cmd here");
    Path java = drive.resolve("jdk 25/bin/java.exe");
    Files.createDirectories(java.getParent());
    assertTrue(isThere(compiler, "-o", java.toString(), source.toString()));
    assumeTrue(
        run(Map.of(), "wine", java.toString()).status == 7,
        "Wine runs no programs for x86-64 here");
    Files.writeString(drive.resolve("jdk 25/release"), "A=\"B\"\r\nJAVA_VERSION=\"25.0.1\"\r\n");
    Files.createDirectories(drive.resolve("jdk 21/bin"));
    Files.copy(java, drive.resolve("jdk 21/bin/java.exe"));
    Files.writeString(drive.resolve("jdk 21/release"), "JAVA_VERSION=\"21.0.9\"\r\n");
    Path launcher = Path.of(System.getProperty("bitnet.models")).resolveSibling("bitnet.cmd");
    Files.copy(launcher, drive.resolve("bitnet.cmd"));
    Path archive = drive.resolve("Program Files (x86)/bit net");
    Files.createDirectories(archive);
    Files.copy(launcher, archive.resolve("bitnet.cmd"));
  }

  /** Wine's server outlives its last program by some seconds, and would write to the folder. */
  @AfterAll
  static void stopWine() throws Exception {
    if (Files.exists(folder.resolve("wine"))) {
      for (String option : List.of("-k", "-w")) {
        run(Map.of(), "wineserver", option);
      }
    }
  }

  private static boolean isThere(String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Wine's cmd, with what it prints of both streams. */
  private static Run cmd(Map<String, String> variables, String line) throws Exception {
    return run(variables, "wine", "cmd", "/c", line);
  }

  private static Run run(Map<String, String> variables, String... command) throws Exception {
    ProcessBuilder wine = new ProcessBuilder(command).redirectErrorStream(true);
    Map<String, String> environment = wine.environment();
    environment
        .keySet()
        .removeIf(
            name ->
                name.startsWith("BITNET_") || name.endsWith("DISPLAY") || name.equals("JAVA_HOME"));
    environment.put("WINEPREFIX", folder.resolve("wine").toString());
    environment.put("WINEDEBUG", "-all");
    environment.put("WINEDLLOVERRIDES", "mscoree,mshtml="); // it would ask whether to fetch these
    environment.putAll(variables);
    Path output = Files.createTempFile(folder, "wine", ".txt");
    Process process = wine.redirectOutput(output.toFile()).start();
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      fail(command[0] + " has not ended");
    }
    List<String> lines = new ArrayList<>(Files.readString(output).lines().toList());
    lines.removeIf(String::isBlank);
    return new Run(process.exitValue(), lines);
  }

  /** A batch file that calls the launcher for each line of arguments; what it printed. */
  private static List<String> calls(String launcher, String... arguments) throws Exception {
    StringBuilder batch = new StringBuilder("@echo off\r\n");
    Arrays.stream(arguments)
        .forEach(a -> batch.append("call \"").append(launcher).append("\" " + a + "\r\n"));
    Files.writeString(folder.resolve("wine/drive_c/calls.bat"), batch);
    return cmd(JDK, "C:\\calls.bat").lines;
  }

  private static String shown(String options, String jar, String arguments) {
    return SHOWN + options + "  -jar \"" + jar + "\" " + arguments;
  }

  @Test
  void argumentsAreHandedOnFromAFolderWithSpacesAndParentheses() throws Exception {
    String archive = "C:\\Program Files (x86)\\bit net\\";
    String text = "run -n 5 \"Once & (twice)! \\\"there\\\"\"";
    assertEquals(
        List.of(
            shown(QUICK, archive + "bitnet.jar", text),
            shown(PLAIN, archive + "bitnet-serve.jar", "serve --port 8080"),
            shown(PLAIN, archive + "bitnet.jar", "tokenize \"\"")),
        calls(archive + "bitnet.cmd", text, "serve --port 8080", "tokenize \"\""));
  }

  @Test
  void theOptionsFollowTheCommandAndItsKernels() throws Exception {
    String jar = "C:\\bitnet.jar";
    List<String> vector =
        List.of(
            "run --kernels vector Once",
            "run --kernels=scalar,vector Once",
            "chat -n 3 --kernels VECTOR",
            "doctor",
            "bench kernels --kernels scalar");
    List<String> plain =
        List.of("run --kernels scalar Once", "tokenize vector", "inspect -m vector", "--version");
    List<String> expected = new ArrayList<>();
    vector.forEach(arguments -> expected.add(shown(VECTOR, jar, arguments)));
    plain.forEach(arguments -> expected.add(shown(PLAIN, jar, arguments)));
    expected.add(shown(QUICK, jar, "run vector"));
    List<String> all = new ArrayList<>(vector);
    all.addAll(plain);
    all.add("run vector");
    assertEquals(expected, calls("C:\\bitnet.cmd", all.toArray(String[]::new)));
  }

  @Test
  void theStatusIsJavas() throws Exception {
    Run run = cmd(JDK, "C:\\bitnet.cmd --version");
    assertEquals(7, run.status);
    assertEquals(List.of(shown(PLAIN, "C:\\bitnet.jar", "--version")), run.lines);
  }

  @Test
  void setUpHasNothingToDoInARelease() throws Exception {
    Run run = cmd(JDK, "C:\\bitnet.cmd --setup");
    assertEquals(3, run.status);
    assertEquals(
        List.of(
            "bitnet: --setup did nothing: this is a release, which is ready with \"C:\\jdk 25\"."),
        run.lines);
  }

  @Test
  void withoutAJavaThatIsNewEnoughItSaysWhatIsMissing() throws Exception {
    for (Map<String, String> variables :
        List.of(Map.<String, String>of(), Map.of("JAVA_HOME", "C:\\jdk 21"))) {
      Run run = cmd(variables, "C:\\bitnet.cmd run Once");
      assertEquals(1, run.status);
      assertEquals(1, run.lines.size(), run.lines::toString);
      assertTrue(
          run.lines.getFirst().startsWith("bitnet: a Java runtime 25 or newer is needed"),
          run.lines::toString);
    }
  }
}
