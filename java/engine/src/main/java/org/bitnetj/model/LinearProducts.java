package org.bitnetj.model;

import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.ThreadMemory;
import org.bitnetj.parallel.PanelSharing;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.TernaryMatrix;

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
  private final Operands operands;
  private final RowsPhase<Operands> multiply;
  private final ThreadTeam.Task takeOwn = this::takeOwn;
  private LinearInput shared;
  private Linear weight;
  private int parts;
  private volatile boolean finite;

  /** What a run of panels reads and writes. */
  private final class Operands implements RowsPhase.Operands<Operands> {
    private final Linear[] weights = new Linear[MOST];
    private final FloatRows[] outputs;
    private LinearInput input;
    private int from; // of the weights
    private int to;
    private int count;

    Operands(FloatRows[] outputs) {
      this.outputs = outputs;
    }

    @Override
    public void copy(Operands other) {
      System.arraycopy(other.weights, 0, weights, 0, MOST);
      input = other.input;
      from = other.from;
      to = other.to;
      count = other.count;
    }

    @Override
    public int count() {
      return count;
    }

    @Override
    public FloatRows[] outputs() {
      return outputs;
    }

    @Override
    public long compute(FloatRows[] outputs, int begin, int end) {
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
      return 0; // all are read
    }

    @Override
    public int column(int output, int panel) {
      int first = 0;
      for (int i = from; i < output; i++) {
        first += weights[i].panels();
      }
      return output < from || output >= to
          ? 0
          : Math.clamp((panel - first) * TernaryMatrix.PANEL_ROWS, 0, outputs[output].columns());
    }
  }

  /**
   * @param own of at least {@link #ownBytes} of the outputs for each thread
   * @param reads where the bytes of the weights are counted
   * @param scratch for all threads of the team
   * @param outputs of the first weight, the second and so on
   */
  LinearProducts(
      ThreadMemory own,
      Kernels kernels,
      ThreadTeam team,
      WeightReads reads,
      Scratch scratch,
      FloatRows... outputs) {
    this.kernels = kernels;
    this.team = team;
    this.reads = reads;
    this.scratch = scratch;
    this.operands = new Operands(outputs);
    this.multiply = new RowsPhase<>(own, RowsPhase.FEW, operands, () -> new Operands(outputs));
  }

  /** What products with these outputs need of a thread's own memory. */
  static long ownBytes(FloatRows... outputs) {
    return RowsPhase.ownBytes(RowsPhase.FEW, outputs);
  }

  /** Starts with the product {@code weight input}. */
  void of(LinearInput input, Linear weight) {
    this.shared = input;
    this.parts = 0;
    and(weight);
  }

  /** One more weight for the same input. */
  void and(Linear weight) {
    operands.weights[parts] = weight;
    parts++;
  }

  /**
   * Computes them for the first {@code count} rows. Weights with norms of their own are computed
   * one after the other, since each has another input.
   *
   * @return false if a norm made a value that is NaN or infinite
   */
  boolean run(int count) {
    operands.count = count;
    finite = true;
    int done = 0;
    for (int i = 0; i < parts; i++) {
      weight = operands.weights[i];
      if (!weight.inputNorm().isNone()) {
        run(shared, done, i);
        team.run(takeOwn, count, 1);
        run(shared.own(), i, i + 1);
        done = i + 1;
      }
    }
    run(shared, done, parts);
    return finite;
  }

  private void takeOwn(int begin, int end) {
    LinearInput own = shared.own();
    if (!own.take(kernels, shared.floats(), weight.inputNorm(), begin, end)) {
      finite = false;
    }
  }

  private void run(LinearInput input, int from, int to) {
    if (from == to) {
      return;
    }
    operands.input = input;
    operands.from = from;
    operands.to = to;
    int panels = 0;
    long largest = 0;
    int chunk = 1;
    for (int i = from; i < to; i++) {
      Linear weight = operands.weights[i];
      panels += weight.panels();
      largest = Math.max(largest, weight.panelBytes());
      chunk = Math.max(chunk, weight.chunk());
      reads.addBytes(weight.bytes());
    }
    PanelSharing.run(team, multiply.task(), operands.count, panels, largest, chunk);
  }
}
