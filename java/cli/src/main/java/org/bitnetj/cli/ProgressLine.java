package org.bitnetj.cli;

import java.util.Locale;
import java.util.function.Supplier;
import org.bitnetj.source.Printable;
import org.jspecify.annotations.Nullable;

/**
 * Shows on standard error how far a long job is: at a terminal one line that is rewritten and
 * removed at the end, also where the process is told to end meanwhile (Ctrl-C); elsewhere a line
 * now and then. A job that ends within a second prints nothing. Thread-safe.
 */
final class ProgressLine implements AutoCloseable {
  private static final long FIRST_NANOS = 1_000_000_000L;
  private static final long TERMINAL_NANOS = 200_000_000L;
  private static final long LOG_NANOS = 10_000_000_000L;
  private static final String START_OF_LINE = "\r";

  /** DECAWM, so that the terminal cuts at its width what it could not take back from two lines. */
  private static final String WITHOUT_WRAP = "\033[?7l";

  private static final String WITH_WRAP = "\033[?7h";
  private static final String REST_OF_LINE_CLEARED = "\033[K";

  private final Streams streams;
  private final boolean terminal;
  private long next = System.nanoTime() + FIRST_NANOS;

  /** Takes the line away when the JVM ends; null while there is no line. */
  private @Nullable Thread atEnd;

  ProgressLine(Streams streams) {
    this.streams = streams;
    this.terminal = streams.obeysCodes(Streams.Standard.ERR);
  }

  /** Shows how much of a file is written, since when, if it is time to. */
  void written(long written, long total, long startNanos) {
    update(() -> text(written, total, System.nanoTime() - startNanos));
  }

  private static String text(long written, long total, long nanos) {
    double rate = written / (nanos * 1e-9);
    return String.format(
        Locale.ROOT,
        "%3d%% of %.1f GB written, %.0f MB/s, %.0f s to go",
        100 * written / total,
        total * 1e-9,
        rate * 1e-6,
        (total - written) / rate);
  }

  /** Shows {@code text} if it is time to. */
  synchronized void update(Supplier<String> text) {
    long now = System.nanoTime();
    if (now - next < 0) {
      return;
    }
    next = now + (terminal ? TERMINAL_NANOS : LOG_NANOS);
    String line = Printable.of(text.get(), Integer.MAX_VALUE);
    if (terminal) {
      if (atEnd == null && !register()) {
        return;
      }
      streams.err().print(START_OF_LINE + WITHOUT_WRAP + line + REST_OF_LINE_CLEARED + WITH_WRAP);
      streams.err().flush();
    } else {
      streams.err().println(line);
    }
  }

  /** False if the JVM is ending: then nothing more is shown. */
  private boolean register() {
    Thread hook = new Thread(this::clear, "remove the line of progress");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      return false;
    }
    atEnd = hook;
    return true;
  }

  private synchronized void clear() {
    streams.err().print(START_OF_LINE + REST_OF_LINE_CLEARED);
    streams.err().flush();
    next = Long.MAX_VALUE;
  }

  /** Takes the line away; a later update shows it again. Idempotent. */
  @Override
  public synchronized void close() {
    Thread hook = atEnd;
    if (hook == null) {
      return;
    }
    atEnd = null;
    try {
      if (Runtime.getRuntime().removeShutdownHook(hook)) {
        streams.err().print(START_OF_LINE + REST_OF_LINE_CLEARED);
        streams.err().flush();
      }
    } catch (IllegalStateException e) {
      // The JVM is ending, and the hook takes it away.
    }
  }
}
