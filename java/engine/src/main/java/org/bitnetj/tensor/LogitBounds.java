package org.bitnetj.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.bitnetj.memory.NativeMemory;

/**
 * Upper bounds of the logits of one row of activations, by rows of a {@link LowBitMatrix}. Of most
 * panels only their largest is kept: the bounds of single rows are there for panels of which some
 * row was refined, with −∞ for rows that pad. Mutable and not synchronized: writers of different
 * panels do not meet.
 */
public final class LogitBounds {
  private final MemorySegment values;
  private final MemorySegment upper;
  private final MemorySegment sums;
  private final MemorySegment panelValue;
  private final MemorySegment panelUpper;
  private final MemorySegment panelRefined;
  private final int panels;
  private float threshold;

  private LogitBounds(MemorySegment memory, int rows) {
    this.panels = panels(rows);
    long padded = (long) panels * LowBitMatrix.PANEL_ROWS;
    this.values = memory.asSlice(0, bytes(rows));
    this.upper = part(0, padded);
    this.sums = part(padded, 2 * padded);
    this.panelValue = part(3 * padded, panels);
    this.panelUpper = part(3 * padded + panels, panels);
    this.panelRefined = part(3 * padded + 2L * panels, panels);
  }

  private MemorySegment part(long from, long count) {
    return values.asSlice(from * Float.BYTES, count * Float.BYTES);
  }

  /** For a low-bit copy of {@code rows} rows. */
  public static LogitBounds allocate(NativeMemory memory, int rows) {
    return over(memory.allocate(bytes(rows)), rows);
  }

  /**
   * The same in the first {@link #bytes} of a segment, with what is there.
   *
   * @param memory starts at a multiple of 64 bytes
   * @throws IndexOutOfBoundsException if it is too short
   */
  public static LogitBounds over(MemorySegment memory, int rows) {
    return new LogitBounds(memory, rows);
  }

  /** Bytes of the bounds of {@code rows} rows. */
  public static long bytes(int rows) {
    return (3L * LowBitMatrix.PANEL_ROWS + 3) * panels(rows) * Float.BYTES;
  }

  private static int panels(int rows) {
    return (rows + LowBitMatrix.PANEL_ROWS - 1) / LowBitMatrix.PANEL_ROWS;
  }

  /**
   * Copies what {@code source}, of as many rows and not refined, has of panels {@code [begin,
   * end)}.
   */
  public void copyPanels(LogitBounds source, int begin, int end) {
    copy(source.sums, sums, begin, end, 2 * LowBitMatrix.PANEL_ROWS);
    copy(source.panelValue, panelValue, begin, end, 1);
    copy(source.panelUpper, panelUpper, begin, end, 1);
    copy(source.panelRefined, panelRefined, begin, end, 1);
  }

  private static void copy(MemorySegment from, MemorySegment to, int begin, int end, long each) {
    long at = begin * each * Float.BYTES;
    MemorySegment.copy(from, at, to, at, (end - begin) * each * Float.BYTES);
  }

  /** Of each row of panels with a refined one, float32. */
  public MemorySegment upper() {
    return upper;
  }

  /** Of each panel 16 centered sums with the high bytes, then 16 with the low ones, int32. */
  public MemorySegment sums() {
    return sums;
  }

  /** The largest logit of each panel by its coarse plane, float32. */
  public MemorySegment panelValue() {
    return panelValue;
  }

  /** The largest upper bound in each panel, float32. */
  public MemorySegment panelUpper() {
    return panelUpper;
  }

  /** How many rows of each panel were refined, int32. */
  public MemorySegment panelRefined() {
    return panelRefined;
  }

  public int panels() {
    return panels;
  }

  /** Rows whose upper bounds are below it are ruled out. */
  public float threshold() {
    return threshold;
  }

  /** Between phases only: all threads read it. */
  public void setThreshold(float value) {
    threshold = value;
  }

  public float upper(int row) {
    return upper.getAtIndex(JAVA_FLOAT, row);
  }

  public void setUpper(int row, float bound) {
    upper.setAtIndex(JAVA_FLOAT, row, bound);
  }

  /**
   * A row's logit by the coarse plane, from its sums.
   *
   * @param copy whose row it is
   * @param x the row of activations
   */
  public float value(LowBitMatrix copy, Activation16 x, int row) {
    return value(copy, x, row, sum(row, false), sum(row, true), 2);
  }

  /**
   * The logit of a row with these centered sums, of which 256 high + low is exact in a double.
   *
   * @param factor what a unit of the sums is worth in scales: 2 by the coarse plane, 0.5 by both
   */
  public static float value(
      LowBitMatrix copy, Activation16 x, int row, int high, int low, float factor) {
    return (float) (256.0 * high + low) * (factor * (copy.scale(row) * x.scale()));
  }

  /** The largest logit of a panel by its coarse plane. */
  public float panelValue(int panel) {
    return panelValue.getAtIndex(JAVA_FLOAT, panel);
  }

  /** The largest upper bound in a panel. */
  public float panelUpper(int panel) {
    return panelUpper.getAtIndex(JAVA_FLOAT, panel);
  }

  /** How many rows of a panel were refined. */
  public int panelRefined(int panel) {
    return panelRefined.getAtIndex(JAVA_INT, panel);
  }

  public void setPanelValue(int panel, float value) {
    panelValue.setAtIndex(JAVA_FLOAT, panel, value);
  }

  public void setPanelUpper(int panel, float bound) {
    panelUpper.setAtIndex(JAVA_FLOAT, panel, bound);
  }

  public void setPanelRefined(int panel, int rows) {
    panelRefined.setAtIndex(JAVA_INT, panel, rows);
  }

  /** A row's centered sum by the coarse plane: with the low bytes, or with the high ones. */
  public int sum(int row, boolean ofLow) {
    return sums.getAtIndex(JAVA_INT, sumIndex(row, ofLow));
  }

  public void setSum(int row, boolean ofLow, int value) {
    sums.setAtIndex(JAVA_INT, sumIndex(row, ofLow), value);
  }

  private static long sumIndex(int row, boolean ofLow) {
    int panelRow = row % LowBitMatrix.PANEL_ROWS;
    return 2L * (row - panelRow) + (ofLow ? LowBitMatrix.PANEL_ROWS : 0) + panelRow;
  }
}
