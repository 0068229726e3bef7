package org.bitnetj.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bitnetj.memory.NativeAccess;
import org.bitnetj.memory.NativeMemory;

/**
 * A low-bit copy of an output head: each weight of row r as a code c in 0..63 that means {@code
 * scale * (c - 31.5)}, and for each row bounds of how far that is from the weights. Read-only once
 * packed.
 *
 * <p>The codes lie in two planes. With the columns rounded up to 8, panel p of the coarse plane has
 * 64 bytes for each 8 columns: the nibbles of byte 4i + j of block b are c &gt;&gt; 2 of row 16p +
 * i, the lower for column 8b + j and the upper for column 8b + 4 + j. The fine plane is row-major,
 * with 64 bytes for each 256 columns: byte j of block b holds c &amp; 3 of column 256b + 64f + j at
 * bits 2f and 2f + 1. Codes that only pad are 0. Stored beside them, for each panel: 16 scales,
 * then 16 of each {@link RowNorm}.
 */
public final class LowBitMatrix extends Operand {
  /** It starts at a multiple of this many bytes, and so does each part. */
  public static final int ALIGNMENT = 64;

  /** Rows in a panel. */
  public static final int PANEL_ROWS = 16;

  /** Bounds of Euclidean norms, one of each kind for each row. */
  public enum RowNorm {
    /** At least the norm of the row less what c &gt;&gt; 2 says of it. */
    COARSE_RESIDUAL,
    /** At least the norm of the row less what c says of it. */
    FINE_RESIDUAL,
    /** At least the norm of the row. */
    WHOLE
  }

  /** Bytes of a block of either plane. */
  private static final int BLOCK = 64;

  /** Floats that a panel has beside its codes. */
  private static final int PANEL_FLOATS = (1 + RowNorm.values().length) * PANEL_ROWS;

  private final MemorySegment whole;
  private final MemorySegment coarse;
  private final MemorySegment fine;
  private final MemorySegment scalesAndNorms;
  private final int rows;
  private final int columns;

  /**
   * @param whole the planes, then scales and norms
   */
  private LowBitMatrix(MemorySegment whole, int rows, int columns) {
    this.rows = rows;
    this.columns = columns;
    long coarseBytes = panelCount() * coarsePanelBytes(columns);
    long fineBytes = rows * fineRowBytes(columns);
    this.coarse = whole.asSlice(0, coarseBytes);
    this.fine = whole.asSlice(coarseBytes, fineBytes);
    this.scalesAndNorms = whole.asSlice(coarseBytes + fineBytes);
    this.whole = whole;
  }

  private static void check(int rows, int columns) {
    if (rows <= 0 || columns <= 0 || columns > TernaryMatrix.MAX_COLUMNS) {
      throw new IllegalArgumentException(
          "a low-bit copy of " + rows + " rows of " + columns + " columns is out of range");
    }
  }

  /** A copy still to be packed, all zeros. */
  public static LowBitMatrix allocate(NativeMemory memory, int rows, int columns) {
    check(rows, columns);
    return new LowBitMatrix(memory.allocate(bytes(rows, columns)), rows, columns);
  }

  /**
   * A copy in memory of another owner, a mapped file, say, which must stay open.
   *
   * @param whole exactly the copy: the coarse plane, the fine plane, scales and norms; from a
   *     multiple of 64 bytes on
   * @throws IllegalArgumentException if the shape is out of range, or the copy of another size or
   *     alignment
   */
  public static LowBitMatrix view(MemorySegment whole, int rows, int columns) {
    check(rows, columns);
    if (whole.byteSize() != bytes(rows, columns) || whole.address() % ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "a low-bit copy of %d x %d takes %d bytes from a multiple of %d on, not %d from address %d"
              .formatted(
                  rows,
                  columns,
                  bytes(rows, columns),
                  ALIGNMENT,
                  whole.byteSize(),
                  whole.address()));
    }
    return new LowBitMatrix(NativeAccess.unscoped(whole), rows, columns);
  }

  /** Bytes that a copy of a matrix of that shape takes. */
  public static long bytes(int rows, int columns) {
    long panels = (rows + PANEL_ROWS - 1L) / PANEL_ROWS;
    return panels * (coarsePanelBytes(columns) + PANEL_FLOATS * Float.BYTES)
        + rows * fineRowBytes(columns);
  }

  private static long coarsePanelBytes(int columns) {
    return (columns + 7L) / 8 * 64;
  }

  private static long fineRowBytes(int columns) {
    return (columns + 255L) / 256 * 64;
  }

  /** All of it: the coarse plane, the fine plane, scales and norms. */
  public MemorySegment whole() {
    return whole;
  }

  public MemorySegment coarse() {
    return coarse;
  }

  public MemorySegment fine() {
    return fine;
  }

  /** What each panel has beside its codes, float32. */
  public MemorySegment scalesAndNorms() {
    return scalesAndNorms;
  }

  public int rows() {
    return rows;
  }

  public int columns() {
    return columns;
  }

  public int panelCount() {
    return (rows + PANEL_ROWS - 1) / PANEL_ROWS;
  }

  /** Bytes of one row of the fine plane. */
  public long fineRowBytes() {
    return fineRowBytes(columns);
  }

  /** Bytes that bounds of all rows by the coarse plane take. */
  public long coarseBytes() {
    return coarse.byteSize() + scalesAndNorms.byteSize();
  }

  /** Offset of the byte with c &gt;&gt; 2 of (row, column); bit 2 of the column says which half. */
  public long coarseByte(int row, int column) {
    return row / PANEL_ROWS * coarsePanelBytes(columns)
        + column / 8 * 64L
        + row % PANEL_ROWS * 4L
        + column % 4;
  }

  /**
   * Offset of the byte with c &amp; 3 of (row, column); bits 6 and 7 of the column say which bits.
   */
  public long fineByte(int row, int column) {
    return row * fineRowBytes() + column / 256 * 64L + column % 64;
  }

  public float scale(int row) {
    return scalesAndNorms.getAtIndex(JAVA_FLOAT, index(0, row));
  }

  public void setScale(int row, float value) {
    scalesAndNorms.setAtIndex(JAVA_FLOAT, index(0, row), value);
  }

  public float norm(RowNorm kind, int row) {
    return scalesAndNorms.getAtIndex(JAVA_FLOAT, index(1 + kind.ordinal(), row));
  }

  public void setNorm(RowNorm kind, int row, float value) {
    scalesAndNorms.setAtIndex(JAVA_FLOAT, index(1 + kind.ordinal(), row), value);
  }

  private static long index(int group, int row) {
    return (long) row / PANEL_ROWS * PANEL_FLOATS + group * PANEL_ROWS + row % PANEL_ROWS;
  }

  /** Whether all scales and norms are what packing makes: finite, and not below 0. */
  public boolean hasValidBounds() {
    float[] panel = new float[PANEL_FLOATS];
    for (int p = 0; p < panelCount(); p++) {
      MemorySegment.copy(
          scalesAndNorms,
          JAVA_FLOAT,
          (long) p * PANEL_FLOATS * Float.BYTES,
          panel,
          0,
          PANEL_FLOATS);
      for (float value : panel) {
        if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
          return false;
        }
      }
    }
    return true;
  }

  /** Whether the codes that only pad are 0, as kernels rely on. */
  public boolean isPaddedWithZeros() {
    return isPadded(coarse, panelCount(), coarsePanelBytes(columns), coarsePadding())
        && isPadded(fine, rows, fineRowBytes(), finePadding())
        && isPadded(
            coarse.asSlice((panelCount() - 1L) * coarsePanelBytes(columns)),
            (columns + 7) / 8,
            BLOCK,
            missingRows());
  }

  /** Whether the last block of each of some parts has no bit of a mask. */
  private static boolean isPadded(MemorySegment codes, int parts, long partBytes, byte[] mask) {
    if (MemorySegment.ofArray(mask).mismatch(MemorySegment.ofArray(new byte[BLOCK])) < 0) {
      return true; // no part has any padding
    }
    for (int part = 0; part < parts; part++) {
      long block = (part + 1) * partBytes - BLOCK;
      for (int i = 0; i < BLOCK; i++) {
        if ((codes.get(JAVA_BYTE, block + i) & mask[i]) != 0) {
          return false;
        }
      }
    }
    return true;
  }

  /** The nibbles that only pad in the last block of a panel. */
  private byte[] coarsePadding() {
    byte[] mask = new byte[BLOCK];
    for (int column = columns; column % 8 != 0; column++) {
      for (int row = 0; row < PANEL_ROWS; row++) {
        mask[4 * row + column % 4] |= (byte) (column % 8 < 4 ? 0x0F : 0xF0);
      }
    }
    return mask;
  }

  /** The bits that only pad in the last block of a row. */
  private byte[] finePadding() {
    byte[] mask = new byte[BLOCK];
    for (int column = columns; column % 256 != 0; column++) {
      mask[column % 64] |= (byte) (3 << column % 256 / 64 * 2);
    }
    return mask;
  }

  /** The bytes of rows that the last panel lacks, in each of its blocks. */
  private byte[] missingRows() {
    byte[] mask = new byte[BLOCK];
    for (int row = rows; row % PANEL_ROWS != 0; row++) {
      Arrays.fill(mask, 4 * (row % PANEL_ROWS), 4 * (row % PANEL_ROWS) + 4, (byte) -1);
    }
    return mask;
  }

  /** No less than the norm of any row. */
  public float largestNorm() {
    float largest = 0;
    float[] norms = new float[PANEL_ROWS];
    for (int p = 0; p < panelCount(); p++) { // those of rows that only pad are 0
      long first = index(1 + RowNorm.WHOLE.ordinal(), p * PANEL_ROWS);
      MemorySegment.copy(scalesAndNorms, JAVA_FLOAT, first * Float.BYTES, norms, 0, PANEL_ROWS);
      for (float norm : norms) {
        largest = Math.max(largest, norm);
      }
    }
    return largest;
  }
}
