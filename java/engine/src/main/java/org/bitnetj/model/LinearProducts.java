package org.bitnetj.model;

import org.bitnetj.kernel.Kernels;
import org.bitnetj.parallel.PanelSharing;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.FloatRows;

/**
 * Products of one input with up to three weights, shared out as one run of panels. For one caller
 * at a time.
 */
final class LinearProducts {
  private static final int MOST = 3;

  private final Kernels kernels;
  private final ThreadTeam team;
  private final WeightReads reads;
  private final Scratch scratch;
  private final Linear[] weights = new Linear[MOST];
  private final FloatRows[] outputs = new FloatRows[MOST];
  private final ThreadTeam.Task multiply = this::multiply;
  private final ThreadTeam.Task takeOwn = this::takeOwn;
  private LinearInput input; // of the panels that are computed now
  private LinearInput shared;
  private Linear weight;
  private int from; // of the weights that are computed now
  private int to;
  private int parts;
  private int count;
  private volatile boolean finite;

  /**
   * @param reads where the bytes of the weights are counted
   * @param scratch for all threads of the team
   */
  LinearProducts(Kernels kernels, ThreadTeam team, WeightReads reads, Scratch scratch) {
    this.kernels = kernels;
    this.team = team;
    this.reads = reads;
    this.scratch = scratch;
  }

  /** Starts with the product {@code output = weight input}. */
  void of(LinearInput input, Linear weight, FloatRows output) {
    this.shared = input;
    this.parts = 0;
    and(weight, output);
  }

  /** One more weight for the same input. */
  void and(Linear weight, FloatRows output) {
    weights[parts] = weight;
    outputs[parts] = output;
    parts++;
  }

  /**
   * Computes them for the first {@code count} rows. Weights with norms of their own are computed
   * one after the other, since each has another input.
   *
   * @return false if a norm made a value that is NaN or infinite
   */
  boolean run(int count) {
    this.count = count;
    finite = true;
    input = shared;
    int done = 0;
    for (int i = 0; i < parts; i++) {
      if (!weights[i].inputNorm().isNone()) {
        run(done, i);
        weight = weights[i];
        team.run(takeOwn, count, 1);
        input = shared.own();
        run(i, i + 1);
        input = shared;
        done = i + 1;
      }
    }
    run(done, parts);
    return finite;
  }

  private void takeOwn(int begin, int end) {
    LinearInput own = shared.own();
    if (!own.take(kernels, shared.floats(), weight.inputNorm(), begin, end)) {
      finite = false;
    }
  }

  private void run(int from, int to) {
    if (from == to) {
      return;
    }
    this.from = from;
    this.to = to;
    int panels = 0;
    long largest = 0;
    int chunk = 1;
    for (int i = from; i < to; i++) {
      panels += weights[i].panels();
      largest = Math.max(largest, weights[i].panelBytes());
      chunk = Math.max(chunk, weights[i].chunk());
      reads.addBytes(weights[i].bytes());
    }
    PanelSharing.run(team, multiply, count, panels, largest, chunk);
  }

  private void multiply(int begin, int end) {
    int first = 0;
    for (int i = from; i < to; i++) {
      int panels = weights[i].panels();
      int firstPanel = Math.max(begin - first, 0);
      int lastPanel = Math.min(end - first, panels);
      if (firstPanel < lastPanel) {
        weights[i].multiply(kernels, input, outputs[i], count, firstPanel, lastPanel, scratch);
      }
      first += panels;
    }
  }
}
