package org.bitnetj.bench;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.bitnetj.format.PanelLayout;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.parallel.PanelSharing;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.RowGroups;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryScales;

/** A ternary matrix times a batch of quantized rows: GEMV for one row, GEMM for more. */
public final class TernaryProduct extends Operation {
  /** Bytes of 16 rows by 16 columns; without padding, any order of blocks is a matrix. */
  private static final int BLOCK_BYTES = 64;

  private final TernaryMatrix[] matrices;
  private final QuantizedRows a;
  private final FloatRows y;
  private int current;

  /**
   * @param batch rows of activations
   * @param copies how many matrices take turns, no two of them equal: enough of them are never in a
   *     cache
   */
  public TernaryProduct(KernelTier tier, int rows, int columns, int batch, int copies) {
    this(tier, rows, columns, batch, copies, 0);
  }

  /**
   * The same with scales by groups.
   *
   * @param group columns that share a scale of the weights; 0: all of them do
   */
  public TernaryProduct(KernelTier tier, int rows, int columns, int batch, int copies, int group) {
    super(tier);
    matrices = new TernaryMatrix[copies];
    for (int i = 0; i < copies; i++) {
      TernaryScales scales =
          group == 0 ? new TernaryScales.Tensor(0.5f) : groups(rows, columns, group);
      matrices[i] = TernaryMatrix.allocate(memory, PanelLayout.TWO_BIT, rows, columns, scales, 2);
      fill(i);
    }
    RowGroups cut = group == 0 ? RowGroups.NONE : RowGroups.ofBlocks(group);
    a = QuantizedRows.allocate(memory, batch, columns, cut);
    random.fill(a);
    y = FloatRows.allocate(memory, batch, rows);
  }

  /** Random for the first; the others have its blocks in another order, which takes less time. */
  private void fill(int i) {
    TernaryMatrix w = matrices[i];
    long moved = (long) i * BLOCK_BYTES;
    long bytes = w.panels().byteSize();
    if (i == 0 || w.rows() % 16 != 0 || w.columns() % 16 != 0 || moved >= bytes) {
      random.fill(w);
      return;
    }
    MemorySegment from = matrices[0].panels();
    MemorySegment.copy(from, 0, w.panels(), moved, bytes - moved);
    MemorySegment.copy(from, bytes - moved, w.panels(), 0, moved);
  }

  private TernaryScales groups(int rows, int columns, int group) {
    int count = Math.ceilDiv(columns, group);
    long scales = (long) PanelLayout.panels(rows) * PanelLayout.ROWS * count;
    MemorySegment halves = memory.allocate(scales * Short.BYTES);
    random.fill(halves, WeightFormats.F16);
    return new TernaryScales.Groups(group, count, halves);
  }

  @Override
  public int items() {
    return matrices[0].panelCount();
  }

  @Override
  public void compute(ThreadTeam team) {
    PanelSharing.run(team, this, a.capacity(), items(), matrices[0].panelBytes(), 1);
  }

  @Override
  public long bytes() {
    return matrices[0].bytes();
  }

  @Override
  public long products() {
    return (long) matrices[0].rows() * matrices[0].columns() * a.capacity();
  }

  @Override
  public List<MemorySegment> results() {
    return List.of(y.data());
  }

  @Override
  public int operands() {
    return matrices.length;
  }

  @Override
  public void next() {
    current = current + 1 == matrices.length ? 0 : current + 1;
  }

  @Override
  public void run(int begin, int end) {
    kernels.ternaryProduct(matrices[current], a, y, a.capacity(), begin, end);
  }
}
