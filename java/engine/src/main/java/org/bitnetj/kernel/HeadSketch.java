package org.bitnetj.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import org.bitnetj.kernel.ffi.bindings.BitnetLibrary;
import org.bitnetj.kernel.ffi.bindings.bn_sketch;
import org.bitnetj.memory.NativeMemory;

/**
 * A sketch of an output head: each weight of row r as a code c in 0..63 that means {@code scale *
 * (c - 31.5)}, and for each row how far that is from the weights. The codes lie in two planes, c
 * &gt;&gt; 2 by panels of 16 rows and c &amp; 3 by rows; {@code bitnet.h} has the layout. Read-only
 * once built.
 */
public final class HeadSketch {
  /** Rows in a panel. */
  public static final int PANEL_ROWS = 16;

  /** The facts of a panel, 16 floats each, one for each row. */
  public enum Fact {
    SCALE,
    /** At least the Euclidean norm of the row less what c &gt;&gt; 2 says of it. */
    COARSE_ERROR,
    /** The same for c. */
    FINE_ERROR,
    /** At least the Euclidean norm of the row. */
    NORM
  }

  private static final int FACTS = Fact.values().length * PANEL_ROWS;

  private final MemorySegment coarse;
  private final MemorySegment fine;
  private final MemorySegment facts;
  private final MemorySegment struct;
  private final int rows;
  private final int columns;

  private HeadSketch(NativeMemory memory, int rows, int columns) {
    if (rows <= 0 || columns <= 0 || columns > BitnetLibrary.BN_MAX_COLUMNS()) {
      throw new IllegalArgumentException(
          "a sketch of " + rows + " rows of " + columns + " columns is out of range");
    }
    this.rows = rows;
    this.columns = columns;
    this.coarse = memory.allocate(panelCount() * coarsePanelBytes(columns));
    this.fine = memory.allocate(rows * fineRowBytes(columns));
    this.facts = memory.allocate((long) panelCount() * FACTS * Float.BYTES);
    this.struct = memory.allocate(bn_sketch.sizeof());
    bn_sketch.coarse(struct, coarse);
    bn_sketch.fine(struct, fine);
    bn_sketch.facts(struct, facts);
    bn_sketch.rows(struct, rows);
    bn_sketch.columns(struct, columns);
  }

  /** A sketch still to be built. */
  public static HeadSketch allocate(NativeMemory memory, int rows, int columns) {
    return new HeadSketch(memory, rows, columns);
  }

  /** Bytes that a sketch of that shape takes. */
  public static long bytes(int rows, int columns) {
    long panels = (rows + PANEL_ROWS - 1L) / PANEL_ROWS;
    return panels * (coarsePanelBytes(columns) + FACTS * Float.BYTES)
        + rows * fineRowBytes(columns);
  }

  private static long coarsePanelBytes(int columns) {
    return (columns + 7L) / 8 * 64;
  }

  private static long fineRowBytes(int columns) {
    return (columns + 255L) / 256 * 64;
  }

  public MemorySegment coarse() {
    return coarse;
  }

  public MemorySegment fine() {
    return fine;
  }

  public MemorySegment facts() {
    return facts;
  }

  /** The {@code bn_sketch} that describes it to C. */
  public MemorySegment struct() {
    return struct;
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
    return coarse.byteSize() + facts.byteSize();
  }

  /**
   * Where the byte with c &gt;&gt; 2 of (row, column) stands; bit 2 of the column says which half.
   */
  public long coarseByte(int row, int column) {
    return row / PANEL_ROWS * coarsePanelBytes(columns)
        + column / 8 * 64L
        + row % PANEL_ROWS * 4L
        + column % 4;
  }

  /**
   * Where the byte with c &amp; 3 of (row, column) stands; bits 6 and 7 of the column say which.
   */
  public long fineByte(int row, int column) {
    return row * fineRowBytes() + column / 256 * 64L + column % 64;
  }

  public float fact(Fact fact, int row) {
    return facts.getAtIndex(JAVA_FLOAT, factIndex(fact, row));
  }

  public void setFact(Fact fact, int row, float value) {
    facts.setAtIndex(JAVA_FLOAT, factIndex(fact, row), value);
  }

  private static long factIndex(Fact fact, int row) {
    return (long) row / PANEL_ROWS * FACTS + fact.ordinal() * PANEL_ROWS + row % PANEL_ROWS;
  }

  /** No less than the norm of any row. */
  public float largestNorm() {
    float largest = 0;
    for (int r = 0; r < rows; r++) {
      largest = Math.max(largest, fact(Fact.NORM, r));
    }
    return largest;
  }
}
