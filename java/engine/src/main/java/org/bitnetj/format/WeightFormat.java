package org.bitnetj.format;

import java.util.List;
import java.util.Optional;

/**
 * A way in which files store the elements of a tensor. Rows run along the first, fastest dimension,
 * the columns; most formats divide every row into blocks with a fixed number of columns and bytes.
 */
public sealed interface WeightFormat permits TernaryFormat, FloatFormat, OpaqueFormat, LookupTable {
  /** Its name in messages, unique among formats but for those with two ids. */
  String name();

  /** Its type id in GGUF's tensor directory. */
  int id();

  /** Columns of a block, the fewest that are stored together. */
  int blockColumns();

  /** Bytes of a block, without scales that are stored for a row or a tensor. */
  int blockBytes();

  /**
   * Bytes of one row's blocks.
   *
   * @throws IllegalArgumentException if rows of that length cannot be stored; the message is a
   *     clause that follows the tensor's name
   * @throws ArithmeticException if it is more than 2^63-1
   */
  default long rowBytes(long columns) {
    if (columns % blockColumns() != 0) {
      throw new IllegalArgumentException(
          "has rows of %d elements, but %s stores them in blocks of %d"
              .formatted(columns, name(), blockColumns()));
    }
    return Math.multiplyExact(columns / blockColumns(), blockBytes());
  }

  /**
   * Bytes of a matrix, scales included.
   *
   * @throws IllegalArgumentException as {@link #rowBytes}
   * @throws ArithmeticException if it is more than 2^63-1
   */
  default long bytes(long rows, long columns) {
    return Math.multiplyExact(rows, rowBytes(columns));
  }

  /**
   * Bytes of a tensor, scales included: those of its first two dimensions, for each slice.
   *
   * @param dims sizes, fastest first, each at least 1
   * @throws IllegalArgumentException if the format cannot hold that shape or the size exceeds
   *     2^63-1; the message is a clause that follows the tensor's name
   */
  default long bytes(List<Long> dims) {
    try {
      long slices = 1;
      for (long d : dims.subList(Math.min(2, dims.size()), dims.size())) {
        slices = Math.multiplyExact(slices, d);
      }
      return Math.multiplyExact(slices, bytes(dims.size() > 1 ? dims.get(1) : 1, dims.getFirst()));
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "has dimensions " + dims + ", more than any file holds", e);
    }
  }

  /**
   * For a layout that only another engine can compute with: whose it is and what to use instead, as
   * a clause.
   */
  default Optional<String> foreign() {
    return Optional.empty();
  }
}
