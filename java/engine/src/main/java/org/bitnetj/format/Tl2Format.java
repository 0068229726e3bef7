package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * bitnet.cpp's lookup-table layout for x86. As many columns as fill tiles of {@code bk} are stored
 * in triples: the digits w0, w1 and w2, from -1 to 1, are the number 9 w0 + 3 w1 + w2, of which
 * four bits hold the absolute value and one bit, elsewhere, the sign. The other columns are stored
 * in {@linkplain LookupTable#pair pairs}, in tiles of 32 columns.
 *
 * <p>The matrix is all absolute values, all signs, all pairs and zeros up to its size. Each section
 * is cut into tiles of {@code bm} rows, row of tiles by row of tiles, and a tile into strips of 32
 * rows. A strip of triples or pairs is runs of 32 bytes, one for each row, of which the second and
 * third eight are swapped; a byte holds two triples or pairs, the first in its high four bits. A
 * strip of signs is runs of sixteen 16-bit numbers for 24 columns: number {@code r % 16} holds for
 * row r the sign of triple t at bit {@code 15 - 2 t - r / 16}, 1 for negative. Source: {@code
 * preprocess_weights_tl2} and what it calls in bitnet.cpp's {@code convert-hf-to-gguf-bitnet.py}.
 */
record Tl2Format(LookupTable stored, LookupTiles tiles) implements TiledFormat {
  private static final int STRIP = 32;
  private static final int PAIR_TILE = 32;
  private static final int SIGNED_TRIPLES = 8;

  private static final ValueLayout.OfShort SIGNS =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  Tl2Format {
    tiles.require(tiles.stripRows() == STRIP, "bmm must be 32");
    tiles.require(tiles.tileRows() % STRIP == 0, "bm must be a multiple of 32");
    tiles.require(tiles.tileColumns() % 24 == 0, "bk must be a multiple of 24");
    tiles.require(tiles.rows() % tiles.tileRows() == 0, "m must be a multiple of bm");
    int pairs = tiles.columns() % tiles.tileColumns();
    tiles.require(
        pairs % PAIR_TILE == 0 && pairs <= LookupTable.PAIR_COLUMNS,
        "k without a multiple of bk must leave a multiple of 32, at most 256");
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    int inPairs = columns % tiles.tileColumns();
    int inTriples = columns - inPairs;
    long rows = tiles.rows();
    long signs = rows * inTriples / 6;
    triples(data, signs, inTriples, row, out);
    pairs(data, signs + rows * inTriples / 24, inTriples, inPairs, row, out);
  }

  private void triples(MemorySegment data, long signs, int columns, int row, byte[] out) {
    int tile = tiles.tileColumns();
    int lane = lane(row);
    for (int c = 0; c < columns; c += tile) {
      long at = strip(row, c, columns, tile, 6) + lane;
      long signsAt = signs + strip(row, c, columns, tile, 24) + row % 16 * 2;
      for (int t = 0; t < tile / 3; t += SIGNED_TRIPLES, signsAt += STRIP) {
        int negative = data.get(SIGNS, signsAt) << row % STRIP / 16;
        for (int i = 0; i < SIGNED_TRIPLES; i += 2, at += STRIP) {
          int codes = data.get(JAVA_BYTE, at);
          int to = c + 3 * (t + i);
          triple(codes >> 4 & 15, negative << 2 * i, out, to);
          triple(codes & 15, negative << 2 * i + 2, out, to + 3);
        }
      }
    }
  }

  private void pairs(MemorySegment data, long base, int from, int columns, int row, byte[] out) {
    for (int c = 0; c < columns; c += PAIR_TILE) {
      long at = base + strip(row, c, columns, PAIR_TILE, 4) + lane(row);
      for (int i = 0; i < PAIR_TILE; i += 4, at += STRIP) {
        int codes = data.get(JAVA_BYTE, at);
        LookupTable.pair(codes >> 4 & 15, out, from + c + i);
        LookupTable.pair(codes & 15, out, from + c + i + 2);
      }
    }
  }

  /** Where in its section a strip starts, of so many columns a byte. */
  private long strip(int row, int column, int columns, int tileColumns, int byteColumns) {
    long tile = (long) (row / tiles.tileRows()) * (columns / tileColumns) + column / tileColumns;
    long strip = tile * (tiles.tileRows() / STRIP) + row % tiles.tileRows() / STRIP;
    return strip * (tileColumns / byteColumns) * STRIP;
  }

  /** The byte of a row in a run of 32. */
  private static int lane(int row) {
    int eight = row % STRIP / 8;
    return (eight == 1 ? 2 : eight == 2 ? 1 : eight) * 8 + row % 8;
  }

  /**
   * @param negative the sign is bit 15
   */
  private static void triple(int absolute, int negative, byte[] out, int at) {
    if (absolute > 13) { // 9 + 3 + 1
      out[at] = out[at + 1] = out[at + 2] = 3;
      return;
    }
    int digits = 13 + ((negative & 1 << 15) != 0 ? -absolute : absolute);
    out[at] = (byte) (digits / 9);
    out[at + 1] = (byte) (digits / 3 % 3);
    out[at + 2] = (byte) (digits % 3);
  }
}
