package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * bitnet.cpp's lookup-table layout for ARM. A matrix is cut into tiles of {@code bm} rows by {@code
 * bk} columns, row of tiles by row of tiles; a tile into strips of {@code bmm} rows; a strip into
 * blocks of {@code 256 / bmm} columns; a block into parts of 16 rows. A part is runs of 16 bytes,
 * one for each row, and each run holds four columns: the {@linkplain LookupTable#pair pair} of the
 * first two in the high four bits. Source: {@code process_tl1} in bitnet.cpp's {@code
 * convert-hf-to-gguf-bitnet.py}.
 */
record Tl1Format(LookupTable stored, LookupTiles tiles) implements TiledFormat {
  private static final int RUN = 16;

  Tl1Format {
    tiles.require(tiles.stripRows() == 32 || tiles.stripRows() == 64, "bmm must be 32 or 64");
    tiles.require(tiles.tileRows() % tiles.stripRows() == 0, "bm must be a multiple of bmm");
    int block = 256 / tiles.stripRows();
    tiles.require(tiles.tileColumns() % block == 0, "bk must be a multiple of 256 / bmm");
    tiles.require(tiles.rows() % tiles.tileRows() == 0, "m must be a multiple of bm");
    tiles.require(tiles.columns() % tiles.tileColumns() == 0, "k must be a multiple of bk");
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    int strip = tiles.stripRows();
    int block = 256 / strip;
    long tileBytes = (long) tiles.tileRows() * tiles.tileColumns() / 4;
    long stripBytes = (long) strip * tiles.tileColumns() / 4;
    int blockBytes = strip * block / 4;
    long first =
        row / tiles.tileRows() * (columns / tiles.tileColumns()) * tileBytes
            + row % tiles.tileRows() / strip * stripBytes
            + row % strip / RUN * (RUN * block / 4)
            + row % RUN;
    for (int c = 0; c < columns; c += 4) {
      int inTile = c % tiles.tileColumns();
      long at =
          first
              + c / tiles.tileColumns() * tileBytes
              + inTile / block * blockBytes
              + inTile % block / 4 * RUN;
      int codes = data.get(JAVA_BYTE, at);
      LookupTable.pair(codes >> 4 & 15, out, c);
      LookupTable.pair(codes & 15, out, c + 2);
    }
  }
}
