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
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script {@code bitnet} in a clone where all is built. Its JDK only writes down how it was
 * called, and makes a cache of the jar's content.
 */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  private static final String MODULE = "--add-modules jdk.incubator.vector";

  /** What the optimizing compiler costs is not worth while for one text. */
  private static final String QUICK = "-XX:TieredStopAtLevel=1";

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

  @TempDir private Path folder;
  private Path clone;
  private Path jdk;
  private String said = "";

  @BeforeEach
  void build() throws IOException {
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

  private Path jdk(String name) throws IOException {
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

  private void stamp(String kernels) throws IOException {
    write(clone.resolve("target/bitnet.stamp"), kernels + "\n");
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private Path jar() {
    return clone.resolve("java/cli/target/bitnet.jar");
  }

  private Path cache() {
    return clone.resolve("java/cli/target/bitnet.aot");
  }

  /** How java was called by {@code ./bitnet args}: BITNET_KERNELS, a colon, the arguments. */
  private List<String> calls(Map<String, String> environment, String... args) throws Exception {
    Path calls = jdk.resolve("bin/calls");
    Files.deleteIfExists(calls);
    assertEquals(0, start(environment, args), said);
    return Files.readAllLines(calls);
  }

  /** The exit code of {@code ./bitnet args}; {@link #said} has what it said. */
  private int start(Map<String, String> environment, String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", clone.resolve("bitnet").toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(key -> key.startsWith("BITNET_"));
    builder.environment().remove("CI");
    builder.environment().put("JAVA_HOME", jdk.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    said = new String(process.getInputStream().readAllBytes());
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return process.exitValue();
  }

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

  /** As a build does: no file is changed in the same instant as the one before. */
  private static void change(Path file, String text) throws Exception {
    FileTime before = Files.getLastModifiedTime(file);
    do {
      Thread.sleep(5);
      Files.writeString(file, text);
    } while (Files.getLastModifiedTime(file).equals(before));
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

  /** A folder as the archive of a release unpacks, in the clone's place. */
  private void release(String platform) throws IOException {
    Path unpacked = folder.toRealPath().resolve("a release");
    write(unpacked.resolve("bitnet.platform"), platform + "\n");
    write(unpacked.resolve("bitnet.jar"), "the jar of a release");
    write(unpacked.resolve("lib/a.jar"), "a library");
    Files.copy(clone.resolve("bitnet"), unpacked.resolve("bitnet"));
    clone = unpacked;
    Files.delete(jdk.resolve("bin/javac"));
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
  void aSetUpThatDidNothingSaysSoAndFails() throws Exception {
    executable("mvn", "#!/bin/sh\nexit 1\n");
    assertEquals(1, start(bare(), "--setup"), said);
    assertEquals(
        "bitnet: --setup installed nothing: apt-get, dnf, apk, pacman, zypper or brew would do it,"
            + " and none is here. Missing: CMake, Ninja or Make, a C compiler (clang 16+ or gcc"
            + " 12+).\n",
        said);
    assertFalse(Files.exists(clone.resolve("target/bitnet.lock")));
    release("linux-x86_64");
    assertEquals(3, start(bare(), "--setup"), said);
    assertEquals(
        "bitnet: --setup did nothing: this is a release, which is ready with " + jdk + ".\n", said);
  }

  /**
   * A system where nothing is installed but a package manager, which brings all at once: the build
   * tools, and a JDK in that folder.
   */
  private Map<String, String> system(String manager, String user, String jdkFolder)
      throws IOException {
    Map<String, String> environment = new HashMap<>(bare());
    environment.put("JAVA_HOME", "");
    environment.put("DEBIAN_FRONTEND", "");
    environment.put("HOME", folder.resolve("home").toString());
    Path script = clone.resolve("bitnet");
    Matcher places = Pattern.compile("(?s)for home in .*?; do").matcher(Files.readString(script));
    assertTrue(places.find());
    Files.writeString(
        script,
        Files.readString(script)
            .replace(
                places.group(), places.group().replaceAll("(?<= )/(?=\\w)", folder + "/root/")));
    Path packages = Files.createDirectories(folder.resolve("packages"));
    executable("../packages/mvn", "#!/bin/sh\necho a jar >java/cli/target/bitnet.jar\n");
    for (String tool : List.of("cmake", "ninja", "clang-19")) {
      executable("../packages/" + tool, "");
    }
    Path home = folder.resolve("root").resolve(jdkFolder);
    executable(
        manager,
        """
        #!/bin/sh
        [ "$1 $2" = "-Si cmake" ] && exit 1
        echo "$DEBIAN_FRONTEND: ${0##*/} $*" >>%s
        case $* in update* | -Sy) exit 0 ;; esac
        mkdir -p %s && mv %s/* %s && mv %s %s
        """
            .formatted(
                folder.resolve("installed"),
                home.getParent(),
                packages,
                folder.resolve("tools"),
                jdk.toRealPath(),
                home));
    jdk = home;
    executable("id", "#!/bin/sh\necho " + user + "\n");
    executable("env", "#!/bin/sh\nexport \"$1\"\nshift\n\"$@\"\n");
    executable("sudo", "#!/bin/sh\n\"$@\"\n");
    Files.delete(jar());
    return environment;
  }

  /** By which command {@code --setup} installs everything, and where the JDK then is. */
  private static final List<List<String>> MANAGERS =
      List.of(
          List.of(
              "sudo dnf install -y maven cmake make clang java-25-openjdk-devel",
              "usr/lib/jvm/java-25-openjdk"),
          List.of(
              "sudo apk add -U maven cmake make build-base openjdk25-jdk",
              "usr/lib/jvm/java-25-openjdk"),
          List.of(
              "sudo pacman -S --needed --noconfirm maven cmake make clang jdk25-openjdk",
              "usr/lib/jvm/java-25-openjdk"),
          List.of(
              "sudo zypper --non-interactive install maven cmake make gcc java-25-openjdk-devel",
              "usr/lib64/jvm/java-25-openjdk-25"),
          List.of(
              "brew install maven cmake ninja openjdk@25",
              "opt/homebrew/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home"),
          List.of(
              "sudo apt-get install -y --no-install-recommends maven cmake ninja-build clang-18"
                  + " libc6-dev binutils openjdk-25-jdk-headless",
              "usr/lib/jvm/java-25-openjdk-amd64"));

  @Test
  void aSetUpInstallsByThePackageManagerOfTheSystem() throws Exception {
    for (List<String> expected : MANAGERS) {
      String command = expected.get(0);
      String direct = command.replace("sudo ", "");
      String manager = direct.substring(0, direct.indexOf(' '));
      Map<String, String> environment = system(manager, "1000", expected.get(1));
      executable("apt-cache", "#!/bin/sh\n[ $2 = clang-19 ] || echo Package: $2\n");
      assertEquals(1, start(environment, "--version"), said);
      assertTrue(
          said.startsWith(
              "bitnet: the build lacks some tools: ./bitnet --setup installs them by\nbitnet:   "
                  + command
                  + "\n"),
          said);
      assertFalse(Files.exists(folder.resolve("installed")), said);

      assertEquals(0, start(environment, "--setup"), said);
      String log = clone.resolve("target/bitnet-build.log").toString();
      assertTrue(
          said.startsWith(
              "bitnet: installing, which may take minutes (log: "
                  + log
                  + "): "
                  + command
                  + "\nbitnet: building with "
                  + jdk.toRealPath()
                  + " "),
          said);
      assertTrue(said.endsWith("bitnet: ready: " + jar() + "\n"), said);
      List<String> calls = new ArrayList<>(List.of("noninteractive: " + direct));
      switch (manager) {
        case "apt-get" -> calls.addFirst(": apt-get update -q");
        case "pacman" -> calls.addFirst(": pacman -Sy");
        default -> {}
      }
      assertEquals(calls, Files.readAllLines(folder.resolve("installed")));
      assertEquals(3, start(environment, "--setup"), said);
      assertEquals(calls, Files.readAllLines(folder.resolve("installed")));
      reset();
    }
  }

  private void reset() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        if (!file.equals(folder)) {
          Files.delete(file);
        }
      }
    }
    build();
  }

  @Test
  void onlyWhatIsMissingIsInstalled() throws Exception {
    Map<String, String> environment = system("dnf", "0", "usr/lib/jvm/java-25-openjdk");
    executable("cmake", "");
    executable("make", "");
    executable("gcc", "#!/bin/sh\necho 11\n");
    environment.put("JAVA_HOME", jdk("another jdk").toString());
    assertEquals(0, start(environment, "--setup"), said);
    assertEquals(
        List.of("noninteractive: dnf install -y maven clang"),
        Files.readAllLines(folder.resolve("installed")));
    assertTrue(said.contains("): dnf install -y maven clang\n"), said);
  }

  @Test
  void whoMayNotInstallWhatTheBuildCanDoWithoutGetsOne() throws Exception {
    Map<String, String> environment = system("dnf", "1000", "usr/lib/jvm/java-25-openjdk");
    Files.delete(folder.resolve("tools/sudo"));
    Files.move(folder.resolve("packages/mvn"), folder.resolve("tools/mvn"));
    environment.put("JAVA_HOME", jdk("another jdk").toString());
    environment.put("CI", "1");
    assertEquals(0, start(environment, "--version"), said);
    assertTrue(
        said.startsWith(
            "bitnet: this would be installed, but you are not root, and neither sudo nor doas is"
                + " here: dnf install -y cmake make clang\n"),
        said);
    assertTrue(Files.exists(jar()), said);
    assertFalse(Files.exists(folder.resolve("installed")), said);
  }

  @Test
  void whoMayNotInstallIsToldWhatMustBeInstalled() throws Exception {
    Map<String, String> environment = system("apk", "1000", "usr/lib/jvm/java-25-openjdk");
    Files.delete(folder.resolve("tools/sudo"));
    assertEquals(1, start(environment, "--setup"), said);
    assertEquals(
        "bitnet: this must be installed, but you are not root, and neither sudo nor doas is here:"
            + " apk add -U maven cmake make build-base openjdk25-jdk\n",
        said);
    executable("doas", "#!/bin/sh\nexit 1\n");
    assertEquals(1, start(environment, "--setup"), said);
    assertTrue(said.contains("): doas apk add -U maven "), said);
    reset();
    assertEquals(1, start(system("brew", "0", "opt/jdk"), "--setup"), said);
    assertEquals(
        "bitnet: this must be installed, but brew refuses to work for root: be the user whose brew"
            + " it is: brew install maven cmake ninja openjdk@25\n",
        said);
    assertFalse(Files.exists(folder.resolve("installed")), said);
  }

  @Test
  void whatCannotBeInstalledIsSaidWithThePlaceOfTheLog() throws Exception {
    Map<String, String> environment = system("zypper", "0", "usr/lib64/jvm/java-25-openjdk-25");
    executable("zypper", "#!/bin/sh\necho \"No provider of '$7' found.\"\nexit 104\n");
    assertEquals(1, start(environment, "--setup"), said);
    Path log = clone.resolve("target/bitnet-build.log");
    assertTrue(
        said.endsWith(
            "No provider of 'java-25-openjdk-devel' found.\nbitnet: zypper could not install maven"
                + " cmake make gcc java-25-openjdk-devel; all that it said is in "
                + log
                + "\n"),
        said);
    assertEquals("No provider of 'java-25-openjdk-devel' found.\n", Files.readString(log), said);
    assertFalse(said.contains("building"), said);
  }

  @Test
  void aSetUpOfWhatIsReadySaysThatItDidNothing() throws Exception {
    Map<String, String> tools = bare();
    for (String tool : List.of("apt-get", "mvn", "cmake", "ninja")) {
      executable(tool, "#!/bin/sh\nexit 1\n");
    }
    executable("apt-cache", "#!/bin/sh\necho Package: $2\n");
    Map<String, String> environment = new HashMap<>(tools);
    environment.put("CC", "cc");
    assertEquals(0, start(environment, "--setup"), said);
    assertTrue(said.contains("preparing the start-up cache"), said);
    assertEquals(3, start(environment, "--setup"), said);
    assertEquals(
        "bitnet: --setup did nothing: no build tool is missing, and " + jar() + " is ready.\n",
        said);
  }

  /** A system without apt-get, and a repository with a Maven whose build makes a jar. */
  private Map<String, String> withoutMaven() throws Exception {
    for (String program : List.of("curl", "tar", "gzip", "sha512sum")) {
      Assumptions.assumeTrue(
          program(program).isPresent(), () -> "skipped: there is no " + program + " here");
      Files.createSymbolicLink(
          Files.createDirectories(folder.resolve("tools")).resolve(program),
          program(program).get());
    }
    executable("cmake", "");
    executable("ninja", "");
    Matcher version =
        Pattern.compile("(?m)^maven=([0-9.]+)").matcher(Files.readString(clone.resolve("bitnet")));
    assertTrue(version.find());
    String name = "apache-maven-" + version.group(1);
    Path mvn = folder.resolve(name).resolve("bin/mvn");
    write(mvn, "#!/bin/sh\ncommand -v javac && echo a jar >java/cli/target/bitnet.jar\n");
    Files.setPosixFilePermissions(mvn, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path archive =
        folder.resolve(
            "repository/org/apache/maven/apache-maven/%s/%s-bin.tar.gz"
                .formatted(version.group(1), name));
    Files.createDirectories(archive.getParent());
    Process tar =
        new ProcessBuilder("tar", "-czf", archive.toString(), "-C", folder.toString(), name)
            .start();
    assertEquals(0, tar.waitFor());
    Map<String, String> environment = new HashMap<>(bare());
    environment.put("CC", "cc");
    environment.put("XDG_CACHE_HOME", folder.resolve("cache").toString());
    environment.put("MVNW_REPOURL", folder.resolve("repository").toUri().toString());
    byte[] content = Files.readAllBytes(archive);
    byte[] sum = MessageDigest.getInstance("SHA-512").digest(content);
    Files.writeString(
        clone.resolve("bitnet"),
        Files.readString(clone.resolve("bitnet"))
            .replaceFirst(
                "(?m)^maven_sha512=[0-9a-f]{128}$",
                "maven_sha512=" + HexFormat.of().formatHex(sum)));
    Files.delete(jar());
    return environment;
  }

  @Test
  void aSetUpFetchesMavenWhereThereIsNone() throws Exception {
    Map<String, String> environment = withoutMaven();
    assertEquals(1, start(environment, "--version"), said);
    assertTrue(
        said.endsWith(
            "is not on the PATH. ./bitnet --setup installs it, or fetches it from a Maven"
                + " repository that MVNW_REPOURL names where no package manager can.\n"),
        said);
    assertEquals(0, start(environment, "--setup"), said);
    assertTrue(said.startsWith("bitnet: fetching Maven 3."), said);
    assertTrue(said.endsWith("bitnet: ready: " + jar() + "\n"), said);
    assertTrue(Files.exists(jar()));
    try (Stream<Path> left = Files.list(folder.resolve("cache/bitnet.java"))) {
      assertEquals(1, left.count());
    }
    assertEquals(3, start(environment, "--setup"), said);
    change(clone.resolve("java/cli/src/main/A.java"), "changed");
    assertEquals(0, start(environment, "--version"), said);
    assertTrue(said.startsWith("bitnet: building with "), said);
  }

  @Test
  void aMavenThatIsNotTheExpectedOneIsNotUsed() throws Exception {
    Map<String, String> environment = withoutMaven();
    Path script = clone.resolve("bitnet");
    Files.writeString(
        script, Files.readString(script).replaceFirst("(?m)^maven_sha512=.*$", "maven_sha512=0"));
    assertEquals(1, start(environment, "--setup"), said);
    assertTrue(said.contains(".tar.gz is not the Maven that was expected: its SHA-512 is "), said);
    assertFalse(Files.exists(folder.resolve("cache")));
    environment.put("MVNW_REPOURL", folder.resolve("nowhere").toUri().toString());
    assertEquals(1, start(environment, "--setup"), said);
    assertTrue(said.contains("bitnet: cannot fetch file:"), said);
    assertTrue(said.endsWith("Is the repository right that MVNW_REPOURL names?\n"), said);
    assertFalse(Files.exists(clone.resolve("target/bitnet.lock")));
  }

  private void executable(String tool, String text) throws IOException {
    Path file = folder.resolve("tools").resolve(tool);
    write(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
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
        sleep 2
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
    assertTrue(said.contains("\rbitnet: building, module 2 of 8, 1 s\u001b[K"), said);
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

  /** No tools, so that no build is worth while: nothing but what the script itself calls. */
  private Map<String, String> bare() throws IOException {
    Path tools = Files.createDirectories(folder.resolve("tools"));
    for (String program : PROGRAMS) {
      if (!Files.exists(tools.resolve(program))) {
        Files.createSymbolicLink(tools.resolve(program), program(program).orElseThrow());
      }
    }
    return Map.of("PATH", tools.toString());
  }

  private static Optional<Path> program(String name) {
    return Stream.of(System.getenv("PATH").split(":"))
        .map(place -> Path.of(place, name))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
