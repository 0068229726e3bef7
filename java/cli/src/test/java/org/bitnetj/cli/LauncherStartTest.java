package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** How the script {@code bitnet} builds and starts the command, and with which options. */
@DisabledOnOs(OS.WINDOWS)
class LauncherStartTest extends ClonedLauncher {
  private static final String MODULE = "--add-modules jdk.incubator.vector";

  /** What the optimizing compiler costs is not worth while for one text. */
  private static final String QUICK = "-XX:TieredStopAtLevel=1";

  private String call(String... args) throws Exception {
    List<String> calls = calls(Map.of(), args);
    assertEquals(1, calls.size(), calls::toString);
    return calls.getFirst();
  }

  private void assertMadeAnew(String why) throws Exception {
    List<String> calls = calls(Map.of(), "--version");
    assertEquals(2, calls.size(), () -> why + ": " + calls);
    assertTrue(calls.get(0).contains("-XX:AOTCacheOutput=" + cache() + ".new"), calls.get(0));
    assertTrue(calls.get(0).endsWith(" org.bitnetj.cli.StartupTraining"), calls.get(0));
    assertTrue(calls.get(0).contains("-Duser.home=" + clone.resolve("target")), calls.get(0));
    assertTrue(calls.get(1).contains("-XX:AOTCache=" + cache()), calls.get(1));
    assertEquals(-1, Files.mismatch(jar(), cache()), why);
    assertTrue(call("--version").contains("-XX:AOTCache="), why);
  }

  @Test
  void theCacheIsMadeByTheFirstStartAndUsedByTheNext() throws Exception {
    assertMadeAnew("none");
    assertEquals(
        ": -XX:+UseSerialGC -XX:-UsePerfData "
            + QUICK
            + " -XX:AOTCache="
            + cache()
            + " -Xlog:aot*=off,cds*=off -jar "
            + jar()
            + " run Once upon a time",
        call("run", "Once upon a time"));
  }

  @Test
  void aCacheOfOtherFilesIsMadeAnew() throws Exception {
    assertMadeAnew("none");
    change(jar(), "the jar of another build");
    assertMadeAnew("another jar");
    change(jar(), Files.readString(jar()));
    assertMadeAnew("the same jar of another time: Java would not use it");
    change(clone.resolve("java/cli/target/lib/a.jar"), "another library");
    assertMadeAnew("another library");
    Files.delete(cache());
    assertMadeAnew("removed");
    jdk = jdk("another jdk");
    assertMadeAnew("another JDK");
  }

  @Test
  void aDamagedCacheIsMadeAnewBeforeJavaSeesIt() throws Exception {
    assertMadeAnew("none");
    FileTime time = Files.getLastModifiedTime(cache());
    String content = Files.readString(cache());
    change(cache(), content.replace('t', 'x'));
    assertNotEquals(-1, Files.mismatch(jar(), cache()));
    Files.setLastModifiedTime(cache(), time);
    assertMadeAnew("damaged");
    change(cache(), "");
    assertMadeAnew("empty");
  }

  @Test
  void aCacheThatWasOnlyCopiedIsKept() throws Exception {
    assertMadeAnew("none");
    String content = Files.readString(cache());
    FileTime time = Files.getLastModifiedTime(cache());
    change(cache(), content);
    Files.setLastModifiedTime(cache(), time);
    assertTrue(call("--version").contains("-XX:AOTCache="));
  }

  @Test
  void whatCannotBeMadeIsNotTriedAgainAtEachStart() throws Exception {
    write(jdk.resolve("bin/broken"), "");
    assertEquals(2, calls(Map.of(), "--version").size());
    assertFalse(call("--version").contains("AOT"));
    Files.delete(jdk.resolve("bin/broken"));
    change(jar(), "another jar");
    assertMadeAnew("the cause is gone");
  }

  @Test
  void theCacheIsMadeWithTheKernelsThatAreChosenAutomatically() throws Exception {
    List<String> calls = calls(Map.of("BITNET_KERNELS", "scalar"), "run", "Once");
    assertEquals(2, calls.size());
    assertTrue(calls.get(0).startsWith(": "), calls.get(0));
    assertTrue(calls.get(1).startsWith("scalar: "), calls.get(1));
  }

  @Test
  void theJavaKernelsGetTheirModuleWhereTheyAreAskedForAndNowhereElse() throws Exception {
    for (String line :
        List.of(
            "run --kernels vector Once",
            "run --kernels=vector Once",
            "chat --kernels Vector",
            "logits --kernels=VECTOR -p Once",
            "perplexity --kernels vector -f book.txt",
            "embed --kernels vector Once",
            "bench --kernels avx2,vector",
            "bench kernels",
            "doctor")) {
      String call = call(line.split(" "));
      assertTrue(call.contains(MODULE) && !call.contains("AOT"), call);
    }
    for (String command : List.of("run", "inspect")) {
      List<String> calls = calls(Map.of("BITNET_KERNELS", "vector"), command, "Once");
      assertTrue(calls.size() == 1 && calls.getFirst().contains(MODULE), calls::toString);
    }
    assertMadeAnew("none");
    for (String line :
        List.of(
            "run Once",
            "run --kernels avx2 -p vector",
            "bench",
            "tokenize --kernels=vector",
            "inspect vector",
            "help doctor")) {
      assertFalse(call(line.split(" ")).contains(MODULE), line);
    }
    assertFalse(
        calls(Map.of("BITNET_KERNELS", "vector"), "tokenize", "Once").getFirst().contains(MODULE));
  }

  @Test
  void whatRunsLongOrComputesInJavaGetsTheOptimizingCompiler() throws Exception {
    assertMadeAnew("none");
    assertTrue(call("chat").contains(QUICK));
    for (String line :
        List.of("serve", "bench", "perplexity -f book.txt", "run --kernels vector x")) {
      assertFalse(call(line.split(" ")).contains(QUICK), line);
    }
  }

  @Test
  void aReleaseIsNotBuiltNeedsNoCompilerAndKeepsItsCacheBesideTheJar() throws Exception {
    Assumptions.assumeTrue(System.getProperty("os.name").equals("Linux"));
    release("linux-" + System.getProperty("os.arch").replace("amd64", "x86_64"));
    List<String> calls = calls(bare(), "run", "Once");
    assertEquals(2, calls.size(), calls::toString);
    Path cache = clone.resolve("bitnet.aot");
    assertTrue(calls.get(0).contains("-XX:AOTCacheOutput=" + cache + ".new"), calls.get(0));
    assertEquals(
        ": -XX:+UseSerialGC -XX:-UsePerfData "
            + QUICK
            + " -XX:AOTCache="
            + cache
            + " -Xlog:aot*=off,cds*=off -jar "
            + clone.resolve("bitnet.jar")
            + " run Once",
        calls.get(1));
    assertEquals(1, calls(bare(), "run", "Once").size());
    change(clone.resolve("bitnet.jar"), "the jar of the next release");
    assertEquals(2, calls(bare(), "run", "Once").size());
    String call = calls(bare(), "serve").getFirst();
    assertTrue(call.endsWith(" -jar " + clone.resolve("bitnet-serve.jar") + " serve"), call);
    assertFalse(Files.exists(clone.resolve("target")));
  }

  @Test
  void aReleaseForAnotherMachineRunsOnJavaKernels() throws Exception {
    release("plan9-mips");
    List<String> calls = calls(bare(), "run", "Once");
    assertTrue(calls.size() == 1 && calls.getFirst().contains(MODULE), calls::toString);
    assertTrue(
        said.startsWith("bitnet: running without native kernels (this archive is for plan9-mips"),
        said);
  }

  @Test
  void withoutNetworkTheBuildFailsByASentence() throws Exception {
    String failure =
        "[ERROR] Plugin org.apache.maven.plugins:maven-clean-plugin:3.2.0 or one of its"
            + " dependencies could not be resolved: Could not transfer artifact"
            + " org.apache.maven.plugins:maven-clean-plugin:pom:3.2.0 from/to central"
            + " (https://repo.example.org/maven2): repo.example.org: Name or service not"
            + " known -> [Help 1]";
    Map<String, String> tools = bare();
    executable("mvn", "#!/bin/sh\necho '" + failure + "'\nexit 1\n");
    change(clone.resolve("java/cli/src/main/A.java"), "changed");
    assertEquals(1, start(tools, "run", "Once"));
    assertTrue(
        said.contains(
            "the build must fetch libraries once, and the network or its proxy did not let it"
                + " (repo.example.org: Name or service not known)."),
        said);
    assertFalse(said.contains("[ERROR]"), said);
  }

  /** A build tool that takes its time and makes a jar. */
  private Map<String, String> slowBuild() throws IOException {
    Map<String, String> tools = bare();
    Path mvn = folder.resolve("tools/mvn");
    write(
        mvn,
        """
        #!/bin/sh
        echo '[INFO] Building bitnet.java engine 0.1.0                            [2/8]'
        sleep 4
        echo a jar >java/cli/target/bitnet.jar
        """);
    Files.setPosixFilePermissions(mvn, PosixFilePermissions.fromString("rwx------"));
    return tools;
  }

  @Test
  void theFirstBuildSaysHowLongItTakes() throws Exception {
    Map<String, String> tools = slowBuild();
    change(clone.resolve("java/cli/src/main/A.java"), "changed");
    assertEquals(0, start(tools, "--version"), said);
    assertTrue(said.startsWith("bitnet: building with " + jdk + " (log: "), said);
    assertFalse(said.contains("\r"), said);
    Files.delete(jar());
    assertEquals(0, start(tools, "--version"), said);
    assertTrue(
        said.startsWith("bitnet: building with " + jdk + " (about a minute, once; log: "), said);
  }

  @Test
  void theBuildShowsOnATerminalThatItMoves() throws Exception {
    Path script = program("script").orElse(null);
    Assumptions.assumeTrue(
        script != null && System.getProperty("os.name").equals("Linux"),
        "skipped: there is no 'script' of util-linux, which makes terminals");
    Map<String, String> tools = slowBuild();
    Files.delete(jar());
    ProcessBuilder builder =
        new ProcessBuilder(
            script.toString(),
            "-qec",
            "sh '" + clone.resolve("bitnet") + "' --version",
            "/dev/null");
    builder.environment().remove("CI");
    builder.environment().put("SHELL", "/bin/sh");
    builder.environment().put("JAVA_HOME", jdk.toString());
    builder.environment().putAll(tools);
    Process process =
        builder.redirectErrorStream(true).redirectInput(new File("/dev/null")).start();
    said = new String(process.getInputStream().readAllBytes());
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), said);
    assertTrue(
        Pattern.compile("\rbitnet: building, module 2 of 8, [0-9]+ s\u001b\\[K")
            .matcher(said)
            .find(),
        said);
    assertTrue(said.contains("\r\u001b[K"), said);
    String after = said.substring(said.lastIndexOf("\r\u001b[K"));
    assertFalse(after.contains("building"), said);
  }

  @Test
  void aCloneThatCannotBeWrittenToIsNamedInASentence() throws Exception {
    Files.delete(clone.resolve("target/bitnet.stamp"));
    Files.delete(clone.resolve("target"));
    write(clone.resolve("target"), "in the way, as what is read-only is");
    assertEquals(1, start(Map.of(), "run", "Once"));
    assertEquals(
        "bitnet: cannot write to "
            + clone
            + ", where it must build; use a copy in a folder of your own.\n",
        said);
  }

  /** cmd's script says the same options, and the same words for the same things. */
  @Test
  void theLauncherOfWindowsChoosesTheSameOptions() throws Exception {
    String unix = Files.readString(clone.resolve("bitnet"));
    String windows = Files.readString(clone.resolveSibling("bitnet.cmd"));
    for (String option : List.of("-XX:+UseSerialGC -XX:-UsePerfData", QUICK, MODULE)) {
      assertTrue(unix.contains(option) && windows.contains(option), option);
    }
    Matcher computing = Pattern.compile("in (run .*doctor)\\) return 0").matcher(unix);
    assertTrue(computing.find());
    assertTrue(windows.contains("(" + computing.group(1).replace(" |", "") + ")"));
    assertTrue(windows.contains("if \"%~1\"==\"inspect\" set \"computes=1\""));
    assertTrue(unix.contains("oldest_jdk=25") && windows.contains("\"oldest_jdk=25\""));
    for (String line : windows.lines().toList()) {
      String free = line.replaceAll("\"[^\"]*\"", "");
      assertFalse(
          free.matches(".*%(root|jar|jdk|JAVA_HOME)%.*") && !free.contains("echo"),
          () -> "a path with spaces would be cut in: " + line);
    }
    assertFalse(
        windows.lines().anyMatch(line -> line.endsWith("(")),
        "a block, which a parenthesis in the name of a folder would end");
    for (String label : List.of("accept", "compare", "name", "nojdk", "scan", "scanned", "setup")) {
      assertTrue(windows.contains("\r\n:" + label + "\r\n"), label);
    }
    assertFalse(windows.replace("\r\n", "").contains("\n"), "a line that cmd does not end");
    assertTrue(windows.contains("chcp 65001"));
  }

  @Test
  void withoutNativeKernelsWhatComputesGetsTheModule() throws Exception {
    stamp("java");
    Map<String, String> bare = bare();
    for (String command :
        List.of("run", "chat", "logits", "perplexity", "embed", "bench", "doctor")) {
      assertTrue(calls(bare, command).getFirst().contains(MODULE), command);
    }
    for (String command : List.of("tokenize", "detokenize", "inspect", "synth", "--version")) {
      assertFalse(calls(bare, command).getFirst().contains(MODULE), command);
    }
  }
}
