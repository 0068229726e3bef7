package org.bitnetj.cli;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The result of a command while it is written, to standard output or to a file. For one thread. */
final class Result implements AutoCloseable {
  private final Streams streams;
  private final @Nullable ResultFile file;

  /** What {@link #commit} writes to the file; null if it gets everything as it comes. */
  private final @Nullable ByteArrayOutputStream collected;

  /** One on standard output. */
  Result(Streams streams) {
    this.streams = streams;
    this.file = null;
    this.collected = null;
  }

  /**
   * One in a file, which is closed with this.
   *
   * @param whole whether nothing is written to a regular file before {@link #commit}
   */
  Result(Streams streams, ResultFile file, boolean whole) {
    this.file = file;
    this.collected = whole && file.isRegular() ? new ByteArrayOutputStream() : null;
    boolean terminal = file.isTerminal();
    this.streams =
        new Streams(
            streams.in(),
            collected == null
                ? new Output(file.stream(), terminal, file.toString())
                : new Output(collected),
            streams.err(),
            stream -> stream == Streams.Standard.OUT ? terminal : streams.isTerminal(stream));
  }

  /** The process's streams, but standard output is where the result goes. */
  Streams streams() {
    return streams;
  }

  Output out() {
    return streams.out();
  }

  /** Whether nothing can be seen of it before {@link #commit}. */
  boolean isWhole() {
    return collected != null;
  }

  /** Writes what is buffered, and gives a file its name. */
  void commit() {
    out().flush();
    if (file != null) {
      if (collected != null) {
        file.write(ByteBuffer.wrap(collected.toByteArray()));
      }
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
