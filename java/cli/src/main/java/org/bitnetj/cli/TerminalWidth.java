package org.bitnetj.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/** How wide the terminal is that this process is shown at. */
final class TerminalWidth {
  /** Fewer would leave no room for what an option does. */
  static final int LEAST = 60;

  private static final long SECONDS = 2;

  private TerminalWidth() {}

  /**
   * Its columns, {@value #LEAST} at least: those of the variable COLUMNS, or else what the system's
   * {@code stty} says; empty where neither does. Starts a process: nothing for where every
   * millisecond counts.
   */
  static OptionalInt columns() {
    OptionalInt named = parse("0 " + System.getenv("COLUMNS"));
    return named.isPresent() ? named : ofSystem();
  }

  private static OptionalInt ofSystem() {
    try {
      Process stty =
          new ProcessBuilder("stty", "size")
              .redirectInput(new File("/dev/tty"))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String said = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      if (!stty.waitFor(SECONDS, TimeUnit.SECONDS)) {
        stty.destroy();
      }
      return parse(said);
    } catch (IOException e) {
      return OptionalInt.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OptionalInt.empty();
    }
  }

  /** Of what {@code stty size} says: rows and columns; 0 where a terminal does not know. */
  static OptionalInt parse(String size) {
    String[] words = size.strip().split(" ");
    if (words.length != 2 || !words[1].matches("[0-9]{1,4}") || Integer.parseInt(words[1]) == 0) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(Math.max(LEAST, Integer.parseInt(words[1])));
  }
}
