package org.bitnetj.cli;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * Standard output, or a file in its place: always UTF-8, buffered until {@link #flush}, and honest
 * about failure. A reader that closed the pipe ends the command quietly, a full disk ends it with
 * an error. After a failure what was buffered is lost and nothing more is written. A terminal gets
 * no control characters of texts but line breaks and tabs, lest a model or a file rule it; a pipe
 * or a file gets them all. For one thread.
 */
final class Output {
  /** Whoever read our output has had enough. */
  static final class Closed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Closed(IOException cause) {
      super(cause);
    }
  }

  /** In UTF-8 this byte begins the characters U+0080 to U+00BF. */
  private static final int LATIN_LEAD = 0xc2;

  private final OutputStream out;
  private final boolean terminal;
  private final String target;
  private boolean leading;
  private boolean failed;

  Output(OutputStream out) {
    this(out, false);
  }

  /**
   * @param terminal whether it is one that {@code out} goes to
   */
  Output(OutputStream out, boolean terminal) {
    this(out, terminal, "to standard output");
  }

  /**
   * @param target what cannot be written if {@code out} fails, for the sentence that says so
   */
  Output(OutputStream out, boolean terminal, String target) {
    this.out = new BufferedOutputStream(out, 1 << 16);
    this.terminal = terminal;
    this.target = target;
  }

  Output print(String text) {
    return write(shown(text.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * UTF-8 without the controls C0 (but for line break and tab), DEL and C1, if this is a terminal.
   * A character may be split between two calls.
   */
  private byte[] shown(byte[] bytes) {
    if (!terminal) {
      return bytes;
    }
    ByteArrayOutputStream kept = new ByteArrayOutputStream(bytes.length + 1);
    for (byte b : bytes) {
      int value = b & 0xff;
      boolean c1 = leading && value >= 0x80 && value < 0xa0;
      if (leading && !c1) {
        kept.write(LATIN_LEAD);
      }
      leading = value == LATIN_LEAD;
      boolean c0 = value < 0x20 && value != '\n' && value != '\t' || value == 0x7f;
      if (!leading && !c0 && !c1) {
        kept.write(value);
      }
    }
    return kept.toByteArray();
  }

  Output println(String line) {
    return print(line).print("\n");
  }

  /** Bytes as they are, a terminal's controls included. */
  Output write(byte[] bytes) {
    try {
      if (!failed) {
        out.write(bytes);
      }
    } catch (IOException e) {
      throw failure(e);
    }
    return this;
  }

  void flush() {
    try {
      if (!failed) {
        out.flush();
      }
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** The same as a stream, for libraries that want one; closing it only flushes. */
  OutputStream stream() {
    return new OutputStream() {
      @Override
      public void write(int b) {
        Output.this.write(shown(new byte[] {(byte) b}));
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        Output.this.write(shown(Arrays.copyOfRange(bytes, offset, offset + length)));
      }

      @Override
      public void flush() {
        Output.this.flush();
      }

      @Override
      public void close() {
        Output.this.flush();
      }
    };
  }

  private RuntimeException failure(IOException e) {
    failed = true;
    // "Broken pipe", "The pipe is being closed", and in most other languages "(pipe)".
    String message = String.valueOf(e.getMessage());
    return message.toLowerCase(Locale.ROOT).contains("pipe")
        ? new Closed(e)
        : new UncheckedIOException("cannot write " + target + ": " + Failures.reason(e) + ".", e);
  }
}
