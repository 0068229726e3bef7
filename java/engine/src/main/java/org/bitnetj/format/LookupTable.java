package org.bitnetj.format;

import java.util.Optional;

/**
 * bitnet.cpp's layouts for lookup tables, of which only the size is known. TL1 takes two bits for a
 * weight. TL2 stores 256 columns in pairs of weights and the others in triples, four and five bits
 * each. A scale in 32 bytes ends both.
 */
record LookupTable(String name, int id, boolean triples) implements WeightFormat {
  private static final int SCALE_BYTES = 32;
  private static final int PAIR_COLUMNS = 256;

  @Override
  public int blockColumns() {
    return triples ? 1 : 128;
  }

  @Override
  public int blockBytes() {
    return triples ? 0 : 32; // not a whole number for one column
  }

  @Override
  public long bytes(long rows, long columns) {
    if (!triples) {
      long weights = Math.multiplyExact(rows, columns);
      if (weights % blockColumns() != 0) {
        throw new IllegalArgumentException(
            "has %d elements, but %s stores them in blocks of %d"
                .formatted(weights, name, blockColumns()));
      }
      return weights / 4 + SCALE_BYTES;
    }
    if (columns < PAIR_COLUMNS) {
      throw new IllegalArgumentException(
          "has rows of " + columns + " elements, but TL2 needs at least " + PAIR_COLUMNS);
    }
    long inTriples = Math.multiplyExact(columns - PAIR_COLUMNS, rows) / 3;
    long inPairs = Math.multiplyExact(PAIR_COLUMNS, rows) / 2;
    long bytes = Math.addExact(Math.multiplyExact(inTriples, 5) / 8, inPairs * 4 / 8);
    return Math.addExact(bytes, SCALE_BYTES - 1 + SCALE_BYTES) / SCALE_BYTES * SCALE_BYTES;
  }

  @Override
  public Optional<String> foreign() {
    return Optional.of(
        name
            + " is bitnet.cpp's lookup-table layout for "
            + (triples ? "x86" : "ARM")
            + ", bound to the kernel_config.ini it was tuned with, which is not in the file;"
            + " use another file of the same model");
  }
}
