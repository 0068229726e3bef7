package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The command in a process of its own, at a pseudo-terminal that {@code script} of util-linux
 * makes. What it writes to standard output and error comes together, as on a screen.
 */
final class PseudoTerminal implements AutoCloseable {
  static final byte CTRL_C = 3;

  private static final long SECONDS = 120;
  private static final String CLEAN = "terminal is as it was";

  private final Process process;
  private final StringBuilder seen = new StringBuilder();
  private final Thread reader;
  private int awaited;

  private PseudoTerminal(Process process) {
    this.process = process;
    this.reader = new Thread(this::read, "read the pseudo-terminal");
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts a command line; skips the test where there is no {@code script} that can.
   *
   * @param columns of the terminal
   * @param environment set over the test's own, of which NO_COLOR and COLUMNS are taken away
   * @param jvm options of Java
   */
  static PseudoTerminal start(
      int columns, Map<String, String> environment, List<String> jvm, String... args)
      throws IOException {
    assumeTrue(hasScript(), "skipped: there is no 'script' of util-linux, which makes terminals");
    assumeTrue(heedsInterrupts(), "skipped: the tests were started with SIGINT ignored");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(jvm);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("org.bitnetj.cli.BitnetCommand");
    command.addAll(List.of(args));
    String line =
        command.stream()
            .map(word -> "'" + word.replace("'", "'\\''") + "'")
            .collect(Collectors.joining(" "));
    // Without the speed, which JLine does not keep and which means nothing here.
    String mode = "\"$(stty -a | sed 's/^speed [0-9]* baud//')\"";
    String shell =
        "trap : INT; stty cols "
            + columns
            + " rows 24; before="
            + mode
            + "; "
            + line
            + "; code=$?; [ "
            + mode
            + " = \"$before\" ] && echo '"
            + CLEAN
            + "'; exit $code";
    ProcessBuilder builder =
        new ProcessBuilder("script", "-qec", shell, "/dev/null").redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("NO_COLOR", "COLUMNS"));
    builder.environment().put("TERM", "xterm");
    builder.environment().put("SHELL", "/bin/sh");
    environment.forEach(builder.environment()::put);
    return new PseudoTerminal(builder.start());
  }

  private static boolean hasScript() {
    return Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "script")))
        && System.getProperty("os.name").equals("Linux");
  }

  /** Processes inherit it from those that start them, as jobs in a shell's background do. */
  private static boolean heedsInterrupts() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
        .noneMatch(ignored -> (ignored & 2) != 0);
  }

  private void read() {
    byte[] bytes = new byte[4096];
    try (InputStream in = process.getInputStream()) {
      for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
        synchronized (seen) {
          seen.append(new String(bytes, 0, n, StandardCharsets.ISO_8859_1));
          seen.notifyAll();
        }
      }
    } catch (IOException e) {
      // The process has ended.
    }
  }

  /** Waits until the terminal has shown something, after what was waited for before. */
  PseudoTerminal awaits(String text) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    synchronized (seen) {
      while (seen.indexOf(text, awaited) < 0) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0 || !process.isAlive() && !reader.isAlive()) {
          return fail("no '" + text + "' in " + seen);
        }
        seen.wait(Math.min(left, 1000));
      }
      awaited = seen.indexOf(text, awaited) + text.length();
    }
    return this;
  }

  PseudoTerminal types(String text) throws IOException {
    OutputStream keys = process.getOutputStream();
    keys.write(text.getBytes(StandardCharsets.UTF_8));
    keys.flush();
    return this;
  }

  PseudoTerminal interrupts() throws IOException {
    return types(Character.toString(CTRL_C));
  }

  /** The flags of the terminal's mode now, each with a hyphen before it if it is off. */
  List<String> mode() throws IOException {
    Path device = null;
    for (ProcessHandle each : process.descendants().toList()) {
      device = Files.readSymbolicLink(Path.of("/proc", Long.toString(each.pid()), "fd", "0"));
    }
    Process stty = new ProcessBuilder("stty", "-a", "-F", String.valueOf(device)).start();
    return List.of(new String(stty.getInputStream().readAllBytes()).split("[\\s;]+"));
  }

  /** Waits for the end; the exit code. The terminal must be left in the mode it was in. */
  int ends() throws InterruptedException {
    assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS), () -> "it does not end: " + shown());
    reader.join(TimeUnit.SECONDS.toMillis(SECONDS));
    assertTrue(shown().contains(CLEAN), this::shown);
    return process.exitValue();
  }

  /** All that it has written, in UTF-8. */
  String shown() {
    synchronized (seen) {
      return new String(
          seen.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
  }

  /**
   * What a person sees of it in the end: carriage returns and erased lines have had their effect.
   */
  List<String> screen() {
    List<String> lines = new ArrayList<>();
    for (String line : shown().split("\n", -1)) {
      StringBuilder row = new StringBuilder();
      int column = 0;
      String plain = line.replaceAll("\u001b\\[\\?[0-9]+[hl]|\u001b\\[[0-9;]*m|\u001b[=>]", "");
      for (int i = 0; i < plain.length(); i++) {
        if (plain.charAt(i) == '\r') {
          column = 0;
        } else if (plain.startsWith("\u001b[K", i)) {
          row.setLength(Math.min(row.length(), column));
          i += 2;
        } else {
          if (column < row.length()) {
            row.setCharAt(column, plain.charAt(i));
          } else {
            row.append(plain.charAt(i));
          }
          column++;
        }
      }
      lines.add(row.toString());
    }
    return lines;
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
