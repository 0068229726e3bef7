package org.bitnetj.format;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A format of which only the size is known, so that files which hold it can be listed.
 *
 * @param rowHeader bytes of a row before its blocks
 * @param rowsTogether how many rows are interleaved
 * @param owner whose private layout it is, as a clause; null for a type of ggml's
 */
record OpaqueFormat(
    String name,
    int id,
    int blockColumns,
    int blockBytes,
    int rowHeader,
    int rowsTogether,
    @Nullable String owner)
    implements WeightFormat {

  OpaqueFormat(String name, int id, int blockColumns, int blockBytes) {
    this(name, id, blockColumns, blockBytes, 0, 1, null);
  }

  @Override
  public long bytes(long rows, long columns) {
    if (rows % rowsTogether != 0) {
      throw new IllegalArgumentException(
          "has %d rows, but %s stores rows in groups of %d".formatted(rows, name, rowsTogether));
    }
    return Math.multiplyExact(rows, Math.addExact(rowHeader, rowBytes(columns)));
  }

  @Override
  public Optional<String> foreign() {
    return Optional.ofNullable(owner);
  }
}
