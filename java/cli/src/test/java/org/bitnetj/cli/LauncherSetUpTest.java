package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What {@code ./bitnet --setup} installs, and by which package manager. */
@DisabledOnOs(OS.WINDOWS)
class LauncherSetUpTest extends ClonedLauncher {
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
            .replace(places.group(), places.group().replaceAll("(?<= )/(?=\\w)", folder + "/root/"))
            .replace("/etc/os-release", folder.resolve("root").resolve("os-release").toString()));
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

  /** What is said on this system where brew is. */
  private static final String NOT_BREWED =
      "bitnet: brew does not install the C compiler that the build lacks: "
          + (System.getProperty("os.name").startsWith("Mac")
              ? "xcode-select --install brings Apple's.\n"
              : "install clang 16 or gcc 12, or newer ones.\n");

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
      String compiler = manager.equals("brew") ? NOT_BREWED : "";
      assertTrue(
          said.startsWith(
              compiler
                  + "bitnet: the build lacks some tools: ./bitnet --setup installs them by\n"
                  + "bitnet:   "
                  + command
                  + "\n"),
          said);
      assertFalse(Files.exists(folder.resolve("installed")), said);

      assertEquals(0, start(environment, "--setup"), said);
      String log = clone.resolve("target/bitnet-build.log").toString();
      List<String> calls = new ArrayList<>(List.of("noninteractive: " + direct));
      String lists =
          switch (manager) {
            case "apt-get" -> "apt-get update -q";
            case "pacman" -> "pacman -Sy";
            default -> "";
          };
      String fetching = "";
      if (!lists.isEmpty()) {
        calls.addFirst(": " + lists);
        fetching = "bitnet: fetching lists of packages (log: " + log + "): sudo " + lists + "\n";
      }
      assertTrue(
          said.startsWith(
              fetching
                  + compiler
                  + "bitnet: installing, which may take minutes (log: "
                  + log
                  + "): "
                  + command
                  + "\nbitnet: building with "
                  + jdk.toRealPath()
                  + " "),
          said);
      assertTrue(said.endsWith("bitnet: ready: " + jar() + "\n"), said);
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
        NOT_BREWED
            + "bitnet: this must be installed, but brew refuses to work for root: be the user whose"
            + " brew it is: brew install maven cmake ninja openjdk@25\n",
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
                + "\n"
                + "bitnet: if it has no JDK 25 here, install one (https://adoptium.net has them for"
                + " every system) or let JAVA_HOME name it, and let ./bitnet --setup install the"
                + " rest\n"),
        said);
    assertEquals("No provider of 'java-25-openjdk-devel' found.\n", Files.readString(log), said);
    assertFalse(said.contains("building"), said);
  }

  /** As zypper does where it could not reach one of its repositories. */
  @Test
  void aManagerThatFailsAfterItInstalledEverythingHasDoneItsWork() throws Exception {
    Map<String, String> environment = system("zypper", "0", "usr/lib64/jvm/java-25-openjdk-25");
    Path tools = folder.resolve("tools");
    Files.move(tools.resolve("zypper"), tools.resolve("installs"));
    executable("zypper", "#!/bin/sh\ninstalls \"$@\"\nexit 106\n");
    assertEquals(0, start(environment, "--setup"), said);
    assertTrue(
        said.contains(
            "bitnet: zypper ended with status 106, but everything that was missing is here now\n"),
        said);
    assertFalse(said.contains("could not install"), said);
  }

  /** openSUSE has an apt-get of its own as a package. */
  @Test
  void theManagerOfTheSystemsKindComesFirst() throws Exception {
    Map<String, String> environment = system("zypper", "0", "usr/lib64/jvm/java-25-openjdk-25");
    executable("apt-get", "#!/bin/sh\nexit 1\n");
    Path release = Files.createDirectories(folder.resolve("root")).resolve("os-release");
    Files.writeString(release, "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n");
    assertEquals(0, start(environment, "--setup"), said);
    assertTrue(said.contains("zypper --non-interactive install maven"), said);
  }

  /** What is said of apt-get before it has lists of packages. */
  private static final String UNLISTED =
      "apt-get update, and then apt-get install of packages for what is missing: a JDK 25, Maven,"
          + " CMake, Ninja or Make, a C compiler (clang 16+ or gcc 12+)\n";

  @Test
  void withoutListsNoPackageIsNamedThatMayNotDo() throws Exception {
    Map<String, String> environment = system("apt-get", "1000", "usr/lib/jvm/java-25-openjdk");
    executable("apt-cache", "");
    Files.delete(folder.resolve("tools/sudo"));
    assertEquals(1, start(environment, "--setup"), said);
    assertEquals(
        "bitnet: this must be installed, but you are not root, and neither sudo nor doas is here: "
            + UNLISTED,
        said);
  }

  /** As on Ubuntu 22.04, whose plain gcc is 11, and whose newest clang is 15. */
  @Test
  void aCompilerThatTheBuildWouldRefuseIsNotInstalled() throws Exception {
    Map<String, String> environment = system("apt-get", "0", "usr/lib/jvm/java-25-openjdk");
    executable("gcc", "#!/bin/sh\necho 11\n");
    Files.delete(folder.resolve("packages/clang-19"));
    executable("../packages/gcc-12", "#!/bin/sh\necho 12\n");
    executable(
        "apt-cache",
        "#!/bin/sh\ncase $2 in clang-1[6-9] | gcc-1[34]) ;; *) echo Package: $2 ;; esac\n");
    assertEquals(0, start(environment, "--setup"), said);
    assertTrue(said.contains(" ninja-build gcc-12 libc6-dev binutils openjdk-25-"), said);
    assertEquals(3, start(environment, "--setup"), said);
  }

  /** As on Debian 12 before its first apt-get update: only then is it known what it has. */
  @Test
  void whoSaysYesWithoutListsGetsWhatTheNewOnesHave() throws Exception {
    Path script = program("script").orElse(null);
    Assumptions.assumeTrue(
        script != null && System.getProperty("os.name").equals("Linux"),
        "skipped: there is no 'script' of util-linux, which makes terminals");
    Map<String, String> environment = system("apt-get", "0", "usr/lib/jvm/java-25-openjdk");
    Path installed = folder.resolve("installed");
    for (String jdkPackage : List.of("openjdk*", "none")) {
      Files.deleteIfExists(installed);
      executable(
          "apt-cache",
          "#!/bin/sh\n[ -f %s ] || exit\ncase $2 in clang-1[7-9] | %s) ;; *) echo Package: $2 ;; esac\n"
              .formatted(installed, jdkPackage));
      ProcessBuilder builder =
          new ProcessBuilder(
              script.toString(), "-qec", "sh '" + clone.resolve("bitnet") + "' help", "/dev/null");
      builder.environment().keySet().removeIf(INHERITED);
      builder.environment().putAll(environment);
      builder.environment().put("SHELL", "/bin/sh");
      Process process = builder.redirectErrorStream(true).start();
      process.getOutputStream().write("y\n".getBytes());
      process.getOutputStream().flush();
      said = new String(process.getInputStream().readAllBytes()).replace("\r", "");
      boolean found = jdkPackage.equals("none");
      assertEquals(found ? 0 : 1, process.waitFor(), said);
      assertTrue(said.contains("Run this now?\n  " + UNLISTED), said);
      String packages = "maven cmake ninja-build clang-16 libc6-dev binutils";
      if (found) {
        assertTrue(said.contains(packages + " openjdk-25-jdk-headless\n"), said);
      } else {
        assertTrue(said.contains("bitnet: apt-get has no JDK 25 here: "), said);
        assertTrue(said.contains("--setup installs " + packages + ".\n"), said);
      }
      assertEquals(found ? 2 : 1, Files.readAllLines(installed).size(), said);
    }
  }

  @Test
  void listsThatCannotBeFetchedEndTheSetUp() throws Exception {
    Map<String, String> environment = system("apt-get", "1000", "usr/lib/jvm/java-25-openjdk");
    executable("apt-cache", "");
    executable("sudo", "#!/bin/sh\necho 'a user is not in the sudoers file.' >&2\nexit 1\n");
    assertEquals(1, start(environment, "--version"), said);
    assertTrue(said.contains("bitnet:   sudo " + UNLISTED), said);
    assertFalse(said.contains("libc6-dev"), said);
    assertEquals(1, start(environment, "--setup"), said);
    Path log = clone.resolve("target/bitnet-build.log");
    assertEquals(
        "bitnet: fetching lists of packages (log: "
            + log
            + "): sudo apt-get update -q\na user is not in the sudoers file.\nbitnet: apt-get could"
            + " not fetch them; all that it said is in "
            + log
            + "\n",
        said);
    assertFalse(Files.exists(folder.resolve("installed")), said);
  }

  @Test
  void aSystemWithoutTheJdkIsNamedBeforeAnythingIsInstalled() throws Exception {
    Map<String, String> environment = system("apt-get", "0", "usr/lib/jvm/java-25-openjdk");
    executable("apt-cache", "#!/bin/sh\ncase $2 in openjdk*) ;; *) echo Package: $2 ;; esac\n");
    for (String argument : List.of("--version", "--setup")) {
      assertEquals(1, start(environment, argument), said);
      assertTrue(
          said.endsWith(
              "bitnet: apt-get has no JDK 25 here: install one (https://adoptium.net has them for"
                  + " every system) or let JAVA_HOME name it. Then ./bitnet --setup installs maven"
                  + " cmake ninja-build clang-19 libc6-dev binutils.\n"),
          said);
    }
    assertEquals(
        List.of(": apt-get update -q"), Files.readAllLines(folder.resolve("installed")), said);
  }

  @Test
  void theCompilerOfAMacIsInstalledByApple() throws Exception {
    Map<String, String> environment =
        system("brew", "501", "opt/homebrew/opt/openjdk@25/libexec/openjdk.jdk/Contents/Home");
    Files.delete(folder.resolve("tools/uname"));
    executable(
        "uname",
        """
        #!/bin/sh
        case ${1:-} in -m) echo arm64 ;; -sm) echo Darwin arm64 ;; *) echo Darwin ;; esac
        """);
    // As Apple's without its command line tools, which opens a window.
    Path script = clone.resolve("bitnet");
    String text = Files.readString(script);
    assertTrue(text.contains("apples_place=/usr/bin\n"));
    Files.writeString(
        script, text.replace("apples_place=/usr/bin", "apples_place=" + folder.resolve("tools")));
    executable("clang", "#!/bin/sh\necho opened >>" + folder.resolve("window") + "\nexit 1\n");
    Files.delete(folder.resolve("packages/clang-19"));
    assertEquals(1, start(environment, "--setup"), said);
    String compiler = "xcode-select --install brings Apple's.";
    assertTrue(
        said.startsWith(
            "bitnet: brew does not install the C compiler that the build lacks: "
                + compiler
                + "\n"),
        said);
    assertTrue(Files.exists(jar()), said);
    assertEquals(0, start(environment, "run", "Once"), said);
    assertEquals(
        "bitnet: running without native kernels (missing: a C compiler (clang 16+ or gcc 12+)): the"
            + " same text, several times slower. "
            + compiler
            + " Then ./bitnet --setup fixes it.\n",
        said);
    assertFalse(Files.exists(folder.resolve("window")));
    executable("another/clang", "#!/bin/sh\necho 19.1.7\n");
    Map<String, String> withAnother = new HashMap<>(environment);
    withAnother.put("PATH", folder.resolve("tools/another") + ":" + environment.get("PATH"));
    assertEquals(0, start(withAnother, "run", "Once"), said);
    assertFalse(said.contains("running without"), said);
    executable("xcode-select", "");
    executable("clang", "#!/bin/sh\necho 17.0.0\n");
    assertEquals(0, start(environment, "run", "Once"), said);
    assertFalse(said.contains("running without"), said);
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
}
