package org.bitnetj.format;

import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/**
 * A ternary format that files can be written in: one of GGUF's. What is written is read back as it
 * was.
 */
public interface TernaryEncoder extends TernaryFormat {
  /** GGUF's {@code general.file_type} for files of such matrices; empty if it has no number. */
  OptionalInt fileType();

  /**
   * Rows that share bytes. A matrix is the bytes of its stripes, matrices of a multiple of that
   * many rows, one after the other; only the last one's {@link #trailerBytes} are among them.
   */
  default int rowsTogether(int columns) {
    return 1;
  }

  /** Bytes after all rows of a matrix. */
  default int trailerBytes() {
    return 0;
  }

  /** The nearest scale that the format holds; infinite if it is too large. */
  float storable(float scale);

  /**
   * Writes a row, whatever was in its place.
   *
   * @param digits 0 to 3, the first {@code columns} elements
   * @param scales as {@link #scales} gives them, each {@linkplain #storable storable}
   * @param data exactly the bytes of a matrix; rows that {@linkplain #rowsTogether share bytes} are
   *     for one thread
   * @throws IllegalArgumentException if it cannot hold these digits; the message is a clause that
   *     follows the tensor's name
   */
  void encode(byte[] digits, float[] scales, MemorySegment data, int columns, int row);
}
