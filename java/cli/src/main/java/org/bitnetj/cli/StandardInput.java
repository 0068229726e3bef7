package org.bitnetj.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Standard input of a process, which may have been started without one ({@code <&-}). Then reading
 * fails by a sentence. The launcher opens a descriptor that nothing can be read from in its place;
 * without the launcher the JVM's own first file gets the number, and must not be read as a text.
 */
final class StandardInput extends FilterInputStream {
  private static final String CLOSED =
      "standard input is closed; give the text another way, or let input come from a file or pipe.";

  private static final Path DESCRIPTOR = Path.of("/proc/self/fd/0");

  private final boolean closed;

  StandardInput(InputStream in) {
    super(in);
    this.closed = isFileOfTheJvm();
  }

  private static boolean isFileOfTheJvm() {
    try {
      Path file = Files.readSymbolicLink(DESCRIPTOR);
      return file.startsWith(Path.of(System.getProperty("java.home")).toRealPath());
    } catch (IOException | UnsupportedOperationException e) {
      return false; // not Linux
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (closed) {
      throw new Failures.Failure(CLOSED);
    }
    try {
      return super.read(bytes, offset, length);
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).contains("Bad file descriptor")) {
        throw new Failures.Failure(CLOSED);
      }
      throw e;
    }
  }

  @Override
  public int available() throws IOException {
    return closed ? 0 : super.available();
  }
}
