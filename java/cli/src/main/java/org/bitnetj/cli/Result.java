package org.bitnetj.cli;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The result of a command while it is written, to standard output or to a file. For one thread. */
final class Result implements AutoCloseable {
  private final Streams streams;
  private final @Nullable ResultFile file;

  /** One on standard output. */
  Result(Streams streams) {
    this.streams = streams;
    this.file = null;
  }

  /** One in a file, which is closed with this. */
  Result(Streams streams, ResultFile file) {
    this.file = file;
    this.streams =
        new Streams(
            streams.in(),
            new Output(stream(file)),
            streams.err(),
            stream -> stream != Streams.Standard.OUT && streams.isTerminal(stream));
  }

  private static OutputStream stream(ResultFile file) {
    return new OutputStream() {
      @Override
      public void write(int b) {
        file.write(ByteBuffer.wrap(new byte[] {(byte) b}));
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        file.write(ByteBuffer.wrap(bytes, offset, length));
      }
    };
  }

  /** The process's streams, but standard output is where the result goes. */
  Streams streams() {
    return streams;
  }

  Output out() {
    return streams.out();
  }

  /** Writes what is buffered, and gives a file its name. */
  void commit() {
    out().flush();
    if (file != null) {
      file.commit();
    }
  }

  /** Removes a file that was not committed. Idempotent. */
  @Override
  public void close() {
    if (file != null) {
      file.close();
    }
  }
}
