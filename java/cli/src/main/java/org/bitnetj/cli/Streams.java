package org.bitnetj.cli;

import java.io.BufferedReader;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.bitnetj.source.Printable;
import org.jspecify.annotations.Nullable;

/**
 * Where a command reads and writes.
 *
 * @param terminals tells which of the three a person sits at
 */
record Streams(InputStream in, Output out, PrintStream err, Terminals terminals) {
  private static final int LINE_BUFFER = 1 << 16;

  /** One of the three standard streams, by its number in POSIX. */
  enum Standard {
    IN,
    OUT,
    ERR
  }

  /** Whether a standard stream is a terminal. */
  @FunctionalInterface
  interface Terminals {
    boolean include(Standard stream);

    /** Whether they obey escape codes: those that call themselves dumb would show them. */
    default boolean obeyCodes() {
      return true;
    }
  }

  /** The process's own, in UTF-8 whatever the locale says. */
  static Streams ofProcess() {
    return new Streams(
        new StandardInput(new FileInputStream(FileDescriptor.in)),
        new Output(new FileOutputStream(FileDescriptor.out), showsTerminal(Standard.OUT)),
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
        new Terminals() {
          @Override
          public boolean include(Standard stream) {
            return showsTerminal(stream);
          }

          @Override
          public boolean obeyCodes() {
            return !"dumb".equals(System.getenv("TERM"));
          }
        });
  }

  /**
   * The same, but what is said breaks between words where a line would be too long.
   *
   * @param columns of a line; empty to leave lines as they are
   */
  Streams wrapping(Supplier<OptionalInt> columns) {
    PrintStream wrapped =
        new PrintStream(err, true, StandardCharsets.UTF_8) {
          @Override
          public void println(String lines) {
            OptionalInt width = columns.get();
            super.println(width.isPresent() ? WordWrap.wrapped(lines, width.getAsInt()) : lines);
          }
        };
    return new Streams(in, out, wrapped, terminals);
  }

  /**
   * Standard input by lines, without a byte order mark before the first; what is not UTF-8 is a
   * {@link CharacterCodingException}.
   */
  BufferedReader lines() {
    return new BufferedReader(
        new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()), LINE_BUFFER) {
      private boolean begun;

      @Override
      public @Nullable String readLine() throws IOException {
        String line = super.readLine();
        boolean first = !begun;
        begun = true;
        return first && line != null && line.startsWith("\uFEFF") ? line.substring(1) : line;
      }
    };
  }

  /**
   * Says something to the user, on standard error. All sentences leave here: some quote what a file
   * holds, which must not rule a terminal.
   */
  void tell(String lines) {
    err.println(Printable.lines(lines));
  }

  boolean isTerminal(Standard stream) {
    return terminals.include(stream);
  }

  /** Whether a standard stream is a terminal that obeys escape codes. */
  boolean obeysCodes(Standard stream) {
    return terminals.include(stream) && terminals.obeyCodes();
  }

  /** Whether the user wants no colours, of whatever terminal. */
  static boolean refusesColours() {
    String refusal = System.getenv("NO_COLOR");
    return refusal != null && !refusal.isEmpty();
  }

  /**
   * By the file behind the descriptor where the system shows it (Linux); elsewhere Java can only
   * tell whether both input and output are terminals.
   */
  private static boolean showsTerminal(Standard stream) {
    try {
      String file =
          Files.readSymbolicLink(Path.of("/proc/self/fd", Integer.toString(stream.ordinal())))
              .toString();
      return isTerminal(file);
    } catch (IOException | UnsupportedOperationException e) {
      Console console = System.console();
      return console != null && console.isTerminal();
    }
  }

  /** Whether a file is the device of a terminal, by whatever name. */
  static boolean isTerminal(Path file) {
    try {
      return isTerminal(file.toRealPath().toString());
    } catch (IOException e) {
      return false; // there is none of that name, or it is a pipe behind a link
    }
  }

  private static boolean isTerminal(String device) {
    return device.startsWith("/dev/pts/")
        || device.startsWith("/dev/tty")
        || device.equals("/dev/console");
  }
}
