package org.bitnetj.model;

import org.bitnetj.kernel.Kernels;
import org.bitnetj.parallel.PanelSharing;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.FloatRows;

/**
 * Products of one input with up to three weights, shared out as one run of panels. For one caller
 * at a time.
 */
final class LinearProducts implements ThreadTeam.Task {
  private static final int MOST = 3;

  private final Kernels kernels;
  private final ThreadTeam team;
  private final WeightReads reads;
  private final Linear[] weights = new Linear[MOST];
  private final FloatRows[] outputs = new FloatRows[MOST];
  private LinearInput input;
  private int parts;
  private int count;

  /**
   * @param reads where the bytes of the weights are counted
   */
  LinearProducts(Kernels kernels, ThreadTeam team, WeightReads reads) {
    this.kernels = kernels;
    this.team = team;
    this.reads = reads;
  }

  /** Starts with the product {@code output = weight input}. */
  void of(LinearInput input, Linear weight, FloatRows output) {
    this.input = input;
    this.parts = 0;
    and(weight, output);
  }

  /** One more weight for the same input. */
  void and(Linear weight, FloatRows output) {
    weights[parts] = weight;
    outputs[parts] = output;
    parts++;
  }

  /** Computes them for the first {@code count} rows. */
  void run(int count) {
    this.count = count;
    int panels = 0;
    long largest = 0;
    for (int i = 0; i < parts; i++) {
      panels += weights[i].panels();
      largest = Math.max(largest, weights[i].panelBytes());
      reads.addBytes(weights[i].bytes());
    }
    PanelSharing.run(team, this, count, panels, largest);
  }

  @Override
  public void run(int begin, int end) {
    int first = 0;
    for (int i = 0; i < parts; i++) {
      int panels = weights[i].panels();
      int from = Math.max(begin - first, 0);
      int to = Math.min(end - first, panels);
      if (from < to) {
        weights[i].multiply(kernels, input, outputs[i], count, from, to);
      }
      first += panels;
    }
  }
}
