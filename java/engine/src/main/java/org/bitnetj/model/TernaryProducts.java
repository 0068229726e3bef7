package org.bitnetj.model;

import org.bitnetj.kernel.Kernels;
import org.bitnetj.parallel.PanelSharing;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;

/**
 * Ternary products of one input with up to three matrices, shared out as one run of panels. For one
 * caller at a time.
 */
final class TernaryProducts implements ThreadTeam.Task {
  private static final int MOST = 3;

  private final Kernels kernels;
  private final ThreadTeam team;
  private final WeightReads reads;
  private final TernaryMatrix[] matrices = new TernaryMatrix[MOST];
  private final FloatRows[] outputs = new FloatRows[MOST];
  private QuantizedRows input;
  private int parts;
  private int count;

  /**
   * @param reads where the bytes of the matrices are counted
   */
  TernaryProducts(Kernels kernels, ThreadTeam team, WeightReads reads) {
    this.kernels = kernels;
    this.team = team;
    this.reads = reads;
  }

  /** Starts with the product {@code output = matrix input}. */
  void of(QuantizedRows input, TernaryMatrix matrix, FloatRows output) {
    this.input = input;
    this.parts = 0;
    and(matrix, output);
  }

  /** One more matrix for the same input. */
  void and(TernaryMatrix matrix, FloatRows output) {
    matrices[parts] = matrix;
    outputs[parts] = output;
    parts++;
  }

  /** Computes them for the first {@code count} rows. */
  void run(int count) {
    this.count = count;
    int panels = 0;
    for (int i = 0; i < parts; i++) {
      panels += matrices[i].panelCount();
      reads.addBytes(matrices[i].bytes());
    }
    PanelSharing.run(team, this, count, panels, matrices[0].panelBytes());
  }

  @Override
  public void run(int begin, int end) {
    int first = 0;
    for (int i = 0; i < parts; i++) {
      int panels = matrices[i].panelCount();
      int from = Math.max(begin - first, 0);
      int to = Math.min(end - first, panels);
      if (from < to) {
        kernels.ternaryProduct(matrices[i], input, outputs[i], count, from, to);
      }
      first += panels;
    }
  }
}
