package org.bitnetj.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Standard input of a process, which may have been started without one ({@code <&-}). Then reading
 * fails by a sentence. The launcher opens a descriptor that nothing can be read from in its place;
 * without the launcher the JVM's own first file gets the number, and must not be read as a text.
 */
final class StandardInput extends FilterInputStream {
  private static final String CLOSED =
      "standard input is closed; give the text another way, or let input come from a file or pipe.";

  private static final Path PROCESS = Path.of("/proc/self");

  /** The access mode of an open file in Linux's flags, and what it is of one only to write to. */
  private static final int ACCESS_MODE = 3;

  private static final int WRITE_ONLY = 1;

  private final boolean closed;

  StandardInput(InputStream in) {
    super(in);
    this.closed = isClosed(PROCESS);
  }

  /**
   * Whether descriptor 0 is not open, cannot be read from, or is a file of the JVM. Only Linux
   * tells; elsewhere reading fails in the system's words.
   *
   * @param process Linux's folder of the process
   */
  static boolean isClosed(Path process) {
    try {
      if (!Files.isDirectory(process.resolve("fd"))) {
        return false; // not Linux
      }
      Path file = Files.readSymbolicLink(process.resolve("fd/0"));
      return file.startsWith(Path.of(System.getProperty("java.home")).toRealPath())
          || isWriteOnly(Files.readString(process.resolve("fdinfo/0")));
    } catch (NoSuchFileException e) {
      return true;
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /** By the line {@code flags:} of octal digits. */
  private static boolean isWriteOnly(String info) {
    return info.lines()
        .filter(line -> line.startsWith("flags:"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .anyMatch(flags -> (Integer.parseInt(flags, 8) & ACCESS_MODE) == WRITE_ONLY);
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
    return super.read(bytes, offset, length);
  }

  @Override
  public int available() throws IOException {
    return closed ? 0 : super.available();
  }
}
