package org.bitnetj.format;

import java.util.Optional;

/**
 * bitnet.cpp's types for lookup tables. Where weights lie in a matrix depends on its {@linkplain
 * LookupTiles tiles}, which are not in the file; without them, only the size is known. TL1 takes
 * two bits for a weight; the size of TL2 is that of 256 columns in pairs of weights and the others
 * in triples, four and five bits each. A float32 scale and 28 bytes of padding end both. Source:
 * {@code ggml_nbytes} in bitnet.cpp's llama.cpp.
 *
 * @param triples whether it is TL2
 */
public record LookupTable(String name, int id, boolean triples) implements WeightFormat {
  static final int SCALE_BYTES = 32;
  static final int PAIR_COLUMNS = 256;

  /**
   * What the matrices of a shape are stored in.
   *
   * @throws IllegalArgumentException if the type has no such tiles; the message is a clause about
   *     them
   */
  public TernaryFormat tiled(LookupTiles tiles) {
    return triples ? new Tl2Format(this, tiles) : new Tl1Format(this, tiles);
  }

  /** Puts two digits of the code 3 w0 + w1 + 4 of weights from -1 to 1; two 3s if it is none. */
  static void pair(int code, byte[] out, int at) {
    boolean valid = code <= 8;
    out[at] = (byte) (valid ? code / 3 : 3);
    out[at + 1] = (byte) (valid ? code % 3 : 3);
  }

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
            + " put that beside the model or name it (--kernel-config), or use another file of the"
            + " same model");
  }
}
