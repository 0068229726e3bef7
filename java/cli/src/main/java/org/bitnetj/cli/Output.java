package org.bitnetj.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * Standard output: always UTF-8, buffered until {@link #flush}, and honest about failure. A reader
 * that closed the pipe ends the command quietly, a full disk ends it with an error. After a failure
 * what was buffered is lost and nothing more is written. For one thread.
 */
final class Output {
  /** Whoever read our output has had enough. */
  static final class Closed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Closed(IOException cause) {
      super(cause);
    }
  }

  private final OutputStream out;
  private boolean failed;

  Output(OutputStream out) {
    this.out = new BufferedOutputStream(out, 1 << 16);
  }

  Output print(String text) {
    return write(text.getBytes(StandardCharsets.UTF_8));
  }

  Output println(String line) {
    return print(line).print("\n");
  }

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
        Output.this.write(new byte[] {(byte) b});
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        Output.this.write(Arrays.copyOfRange(bytes, offset, offset + length));
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
        : new UncheckedIOException("standard output cannot be written: " + message + ".", e);
  }
}
