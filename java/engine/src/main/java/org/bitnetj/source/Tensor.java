package org.bitnetj.source;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.bitnetj.format.WeightFormat;

/**
 * A tensor of a model file: its directory entry and a read-only view of its bytes in the mapping.
 *
 * @param file which holds it
 * @param name its name in the file
 * @param format how its elements are stored
 * @param dims sizes, fastest first (GGUF's order): for a linear layer {@code [in, out]}
 * @param offset where the bytes start, from the start of the file
 * @param data exactly its bytes, trailing scale included
 */
public record Tensor(
    Path file, String name, WeightFormat format, List<Long> dims, long offset, MemorySegment data) {

  /** The same bytes, understood in another way. */
  public Tensor as(WeightFormat other) {
    return new Tensor(file, name, other, dims, offset, data);
  }

  /** Number of elements. */
  public long elements() {
    long n = 1;
    for (long d : dims) {
      n *= d;
    }
    return n;
  }

  /** Row length: the fastest dimension. */
  public long columns() {
    return dims.getFirst();
  }

  /** Number of rows: all slower dimensions multiplied. */
  public long rows() {
    return elements() / columns();
  }
}
