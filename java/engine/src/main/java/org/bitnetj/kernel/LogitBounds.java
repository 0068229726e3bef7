package org.bitnetj.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.bitnetj.kernel.ffi.bindings.bn_bounds;
import org.bitnetj.memory.NativeMemory;

/**
 * Between which numbers the logits of one row of activations lie, by rows of a {@link HeadSketch};
 * rows that pad its last panel have −∞. Mutable and not synchronized: writers of different panels
 * do not meet.
 */
public final class LogitBounds {
  private final MemorySegment values;
  private final MemorySegment lower;
  private final MemorySegment upper;
  private final MemorySegment sums;
  private final MemorySegment panelLower;
  private final MemorySegment panelUpper;
  private final MemorySegment panelRefined;
  private final MemorySegment struct;
  private final int panels;

  private LogitBounds(NativeMemory memory, int rows) {
    this.panels = (rows + HeadSketch.PANEL_ROWS - 1) / HeadSketch.PANEL_ROWS;
    long padded = (long) panels * HeadSketch.PANEL_ROWS;
    this.values = memory.allocate((4 * padded + 3L * panels) * Float.BYTES);
    this.lower = part(0, padded);
    this.upper = part(padded, padded);
    this.sums = part(2 * padded, 2 * padded);
    this.panelLower = part(4 * padded, panels);
    this.panelUpper = part(4 * padded + panels, panels);
    this.panelRefined = part(4 * padded + 2L * panels, panels);
    this.struct = memory.allocate(bn_bounds.sizeof());
    bn_bounds.lower(struct, lower);
    bn_bounds.upper(struct, upper);
    bn_bounds.sums(struct, sums);
    bn_bounds.panel_lower(struct, panelLower);
    bn_bounds.panel_upper(struct, panelUpper);
    bn_bounds.panel_refined(struct, panelRefined);
  }

  private MemorySegment part(long from, long count) {
    return values.asSlice(from * Float.BYTES, count * Float.BYTES);
  }

  /** For a sketch of so many rows. */
  public static LogitBounds allocate(NativeMemory memory, int rows) {
    return new LogitBounds(memory, rows);
  }

  /** All that is known of the rows, then of the panels. */
  public MemorySegment values() {
    return values;
  }

  /** The {@code bn_bounds} that describes them to C. */
  public MemorySegment struct() {
    return struct;
  }

  public int panels() {
    return panels;
  }

  public float lower(int row) {
    return lower.getAtIndex(JAVA_FLOAT, row);
  }

  public float upper(int row) {
    return upper.getAtIndex(JAVA_FLOAT, row);
  }

  public void set(int row, float below, float above) {
    lower.setAtIndex(JAVA_FLOAT, row, below);
    upper.setAtIndex(JAVA_FLOAT, row, above);
  }

  /** The largest lower bound in a panel. */
  public float panelLower(int panel) {
    return panelLower.getAtIndex(JAVA_FLOAT, panel);
  }

  /** The largest upper bound in a panel. */
  public float panelUpper(int panel) {
    return panelUpper.getAtIndex(JAVA_FLOAT, panel);
  }

  /** How many rows of a panel were refined. */
  public int panelRefined(int panel) {
    return panelRefined.getAtIndex(JAVA_INT, panel);
  }

  public void setPanel(int panel, float below, float above, int refined) {
    panelLower.setAtIndex(JAVA_FLOAT, panel, below);
    panelUpper.setAtIndex(JAVA_FLOAT, panel, above);
    panelRefined.setAtIndex(JAVA_INT, panel, refined);
  }

  /** A row's centered sum by the coarse plane: with the low digits, or with the high ones. */
  public int sum(int row, boolean ofLow) {
    return sums.getAtIndex(JAVA_INT, sumIndex(row, ofLow));
  }

  public void setSum(int row, boolean ofLow, int value) {
    sums.setAtIndex(JAVA_INT, sumIndex(row, ofLow), value);
  }

  private static long sumIndex(int row, boolean ofLow) {
    int panelRow = row % HeadSketch.PANEL_ROWS;
    return 2L * (row - panelRow) + (ofLow ? HeadSketch.PANEL_ROWS : 0) + panelRow;
  }
}
