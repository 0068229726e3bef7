package org.bitnetj.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TL1 and TL2: files are walked in the order in which bitnet.cpp's converter writes them. */
class LookupTableTest {
  private static final LookupTable TL1 = (LookupTable) WeightFormats.named("TL1").orElseThrow();
  private static final LookupTable TL2 = (LookupTable) WeightFormats.named("TL2").orElseThrow();

  /** A file's next byte: two codes, of some columns each, for one row. */
  @FunctionalInterface
  private interface Walk {
    void at(int row, int column, int codes);
  }

  private final int[] pairs = new int[16]; // digits as numbers to base 4
  private final int[] triples = new int[32]; // of signed codes; the high 16 are negative

  LookupTableTest() {
    Arrays.fill(pairs, 0x33);
    Arrays.fill(triples, 0x333);
    for (int w0 = -1; w0 <= 1; w0++) {
      for (int w1 = -1; w1 <= 1; w1++) {
        pairs[3 * w0 + w1 + 4] = w0 + 1 << 4 | w1 + 1;
        for (int w2 = -1; w2 <= 1; w2++) {
          int v = 9 * w0 + 3 * w1 + w2;
          triples[v < 0 ? 16 - v : v] = w0 + 1 << 8 | w1 + 1 << 4 | w2 + 1;
        }
      }
    }
    triples[16] = triples[0]; // minus nothing
  }

  /** Every value of a byte occurs, if there are that many. */
  private static MemorySegment data(LookupTable format, LookupTiles tiles, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long bytes = format.bytes(tiles.rows(), tiles.columns());
    MemorySegment data = Arena.ofAuto().allocate(bytes, 64);
    for (long i = 0; i < bytes; i++) {
      int valid = random.nextInt(9) << 4 | random.nextInt(9);
      FormatData.setByte(data, i, i % 3 == 0 ? valid : (int) (i / 3 + seed));
    }
    data.set(ValueLayout.JAVA_FLOAT, bytes - 32, 0.375f);
    return data;
  }

  private static int unsigned(MemorySegment data, long at) {
    return data.get(ValueLayout.JAVA_BYTE, at) & 0xff;
  }

  private static void put(int digits, int count, byte[] row, int column) {
    for (int i = 0; i < count; i++) {
      row[column + i] = (byte) (digits >> 4 * (count - 1 - i) & 15);
    }
  }

  private static void readsAs(byte[][] expected, TernaryFormat format, MemorySegment data) {
    int columns = expected[0].length;
    byte[] digits = new byte[columns];
    for (int row = 0; row < expected.length; row++) {
      format.digits(data, columns, row, digits);
      assertArrayEquals(expected[row], digits, format + ", row " + row);
      assertArrayEquals(new float[] {0.375f}, FormatData.scales(format, data, columns, row));
    }
    assertEquals(Optional.of(0.375f), format.uniformScale(data, expected.length, columns));
    assertEquals(data.byteSize(), format.bytes(expected.length, columns));
  }

  @ParameterizedTest
  @CsvSource({
    "32, 16, 32, 8, 32",
    "64, 64, 64, 4, 64",
    "192, 48, 96, 16, 32",
    "192, 48, 64, 16, 64",
    "256, 640, 128, 128, 64",
    "320, 192, 160, 64, 32"
  })
  void tl1IsTilesOfStripsOfBlocksOfPairs(int m, int k, int bm, int bk, int bmm) {
    LookupTiles tiles = new LookupTiles(m, k, bm, bk, bmm);
    MemorySegment data = data(TL1, tiles, 5);
    byte[][] expected = new byte[m][k];
    long[] at = {0};
    int by = 256 / bmm;
    for (int tileRow = 0; tileRow < m; tileRow += bm) {
      for (int tileColumn = 0; tileColumn < k; tileColumn += bk) {
        for (int strip = tileRow; strip < tileRow + bm; strip += bmm) {
          for (int block = tileColumn; block < tileColumn + bk; block += by) {
            for (int part = strip; part < strip + bmm; part += 16) {
              for (int column = block; column < block + by; column += 4) {
                for (int row = part; row < part + 16; row++) {
                  int codes = unsigned(data, at[0]++);
                  put(pairs[codes >> 4], 2, expected[row], column);
                  put(pairs[codes & 15], 2, expected[row], column + 2);
                }
              }
            }
          }
        }
      }
    }
    assertEquals(m * k / 4, at[0]);
    readsAs(expected, TL1.tiled(tiles), data);
  }

  /** Walks over bytes of 32 rows each, whose groups of eight are stored as 0, 2, 1 and 3. */
  private static long walk(
      MemorySegment data, long from, LookupTiles tiles, int k, int bk, int columns, Walk walk) {
    long at = from;
    for (int tileRow = 0; tileRow < tiles.rows(); tileRow += tiles.tileRows()) {
      for (int tileColumn = 0; tileColumn < k; tileColumn += bk) {
        for (int strip = tileRow; strip < tileRow + tiles.tileRows(); strip += 32) {
          for (int column = tileColumn; column < tileColumn + bk; column += columns) {
            for (int eight : new int[] {0, 2, 1, 3}) {
              for (int row = 0; row < 8; row++) {
                walk.at(strip + 8 * eight + row, column, unsigned(data, at++));
              }
            }
          }
        }
      }
    }
    return at;
  }

  @ParameterizedTest
  @CsvSource({
    "32, 288, 32, 24, 32", // no pairs
    "64, 256, 64, 96, 32", // 64 columns in pairs
    "96, 512, 32, 192, 32", // 128
    "128, 640, 64, 192, 32", // 64, four times two tiles
    "320, 448, 160, 96, 32",
    "64, 640, 32, 384, 32" // 256, which the size is made for
  })
  void tl2IsTriplesThenSignsThenPairs(int m, int k, int bm, int bk, int bmm) {
    LookupTiles tiles = new LookupTiles(m, k, bm, bk, bmm);
    MemorySegment data = data(TL2, tiles, 9);
    int inTriples = k - k % bk;
    int[][] absolute = new int[m][inTriples / 3];
    int[][] negative = new int[m][inTriples / 3];
    long at =
        walk(
            data,
            0,
            tiles,
            inTriples,
            bk,
            6,
            (row, column, codes) -> {
              absolute[row][column / 3] = codes >> 4;
              absolute[row][column / 3 + 1] = codes & 15;
            });
    for (int tileRow = 0; tileRow < m; tileRow += bm) {
      for (int tileColumn = 0; tileColumn < inTriples; tileColumn += bk) {
        for (int strip = tileRow; strip < tileRow + bm; strip += 32) {
          for (int triple = tileColumn / 3; triple < (tileColumn + bk) / 3; triple += 8) {
            for (int lane = 0; lane < 16; lane++, at += 2) {
              int signs = unsigned(data, at) | unsigned(data, at + 1) << 8;
              for (int bit = 15; bit >= 0; bit--) { // from the highest: two rows a triple
                int row = strip + lane + (15 - bit) % 2 * 16;
                negative[row][triple + (15 - bit) / 2] = signs >> bit & 1;
              }
            }
          }
        }
      }
    }
    byte[][] expected = new byte[m][k];
    for (int row = 0; row < m; row++) {
      for (int t = 0; t < inTriples / 3; t++) {
        put(triples[16 * negative[row][t] + absolute[row][t]], 3, expected[row], 3 * t);
      }
    }
    at =
        walk(
            data,
            at,
            tiles,
            k - inTriples,
            32,
            4,
            (row, column, codes) -> {
              put(pairs[codes >> 4], 2, expected[row], inTriples + column);
              put(pairs[codes & 15], 2, expected[row], inTriples + column + 2);
            });
    assertTrue(at <= data.byteSize() - 32, "the digits fit the size");
    readsAs(expected, TL2.tiled(tiles), data);
  }

  @ParameterizedTest
  @CsvSource({
    "TL1, 64, 64, 32, 16, 16, bmm must be 32 or 64",
    "TL1, 96, 64, 96, 16, 64, bm must be a multiple of bmm",
    "TL1, 64, 60, 32, 12, 32, bk must be a multiple of 256 / bmm",
    "TL1, 96, 64, 64, 16, 32, m must be a multiple of bm",
    "TL1, 64, 64, 32, 24, 32, k must be a multiple of bk",
    "TL2, 64, 384, 64, 96, 64, bmm must be 32",
    "TL2, 64, 384, 48, 96, 32, bm must be a multiple of 32",
    "TL2, 64, 384, 64, 64, 32, bk must be a multiple of 24",
    "TL2, 96, 384, 64, 96, 32, m must be a multiple of bm",
    "TL2, 64, 400, 64, 96, 32, leave a multiple of 32",
    "TL2, 64, 672, 64, 384, 32, at most 256"
  })
  void tilesThatNoMatrixHasAreRefused(
      String type, int m, int k, int bm, int bk, int bmm, String rule) {
    LookupTable format = type.equals("TL1") ? TL1 : TL2;
    String clause =
        assertThrows(
                IllegalArgumentException.class,
                () -> format.tiled(new LookupTiles(m, k, bm, bk, bmm)))
            .getMessage();
    assertTrue(clause.contains(rule), clause);
    assertTrue(clause.contains("m = " + m + ", k = " + k + ", bm = " + bm), clause);
  }

  @Test
  void tilesDoNotChangeWhatFilesSay() {
    LookupTable newer = (LookupTable) WeightFormats.ofId(42).getLast();
    TernaryFormat tiled = newer.tiled(new LookupTiles(64, 256, 64, 96, 32));
    assertEquals("TL2", tiled.name());
    assertEquals(42, tiled.id());
    assertEquals(ScaleKind.TENSOR, tiled.scaleKind());
    assertEquals(2, tiled.largestDigit(), "a 3 is damage");
    assertEquals(TernaryFormat.NO_LAYOUT_ID, tiled.layoutId(), "kernels must not guess");
    assertEquals(39, TL2.id());
  }
}
