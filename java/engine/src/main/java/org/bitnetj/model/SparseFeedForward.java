package org.bitnetj.model;

import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.ThreadMemory;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryVectors;

/**
 * The products of a feed-forward network with squared ReLU for a step of a few rows, without the
 * weights that all of them multiply by 0. The bits of {@code hidden =
 * quantize(sub_norm(relu(gate)^2 * up))} and of what follows are those of the dense products:
 *
 * <ul>
 *   <li>Where the gate is 0 or less, relu(gate)^2 is +0, and +0 times any finite {@code up} is a
 *       zero; its sign is lost in the square of the norm's sum, in the largest absolute value and
 *       in int8. So {@code up} is 0 there, unless it might be infinite. Where the gate is NaN, NaN
 *       times any {@code up} is NaN.
 *   <li>Columns of {@code down} whose activation is 0 add 0 to an integer sum.
 * </ul>
 *
 * Not thread-safe: one caller at a time.
 */
final class SparseFeedForward {
  /**
   * Panels of the gate, and so 16 rows of {@code up} each, that a worker takes at a time at the
   * end.
   */
  private static final int MOST_PANELS = 32;

  private static final int LEAST_PANELS = 4;

  /**
   * A layer is looked at in each of so many steps of several rows, then in one of as many: a look
   * takes one thread 11 µs for 2B-4T, while the others wait.
   */
  private static final int LOOKS = 8;

  /** Bytes of a line of all columns of {@code down} that are not worth dividing. */
  private static final int SHORT_LINE = 64 << 10;

  private final Kernels kernels;
  private final ThreadTeam team;
  private final float[] activeShares; // of the rows of up, by layers, for one row of activations
  private final GateUp gateUp;
  private final Down down;
  private final RowsPhase<GateUp> gateUpPhase;
  private final RowsPhase<Down> downPhase;
  private int steps; // of several rows; each looks at another row

  /**
   * @param own as {@link LinearProducts} with the same outputs need it
   * @param gate what {@link #gateUp} writes to
   * @param up likewise
   * @param out what {@link #down} writes to
   */
  SparseFeedForward(
      ThreadMemory own,
      Kernels kernels,
      ThreadTeam team,
      int layers,
      FloatRows gate,
      FloatRows up,
      FloatRows out) {
    this.activeShares = new float[layers];
    this.kernels = kernels;
    this.team = team;
    FloatRows[] gateAndUp = {gate, up};
    FloatRows[] sums = {out};
    this.gateUp = new GateUp(gateAndUp);
    this.down = new Down(sums);
    this.gateUpPhase = new RowsPhase<>(own, RowsPhase.FEW, gateUp, () -> new GateUp(gateAndUp));
    this.downPhase = new RowsPhase<>(own, RowsPhase.FEW, down, () -> new Down(sums));
  }

  /** What both phases have. */
  private abstract static class Operands {
    private final FloatRows[] outputs;
    TernaryVectors weights;
    QuantizedRows input;
    int count;

    Operands(FloatRows[] outputs) {
      this.outputs = outputs;
    }

    final void set(TernaryVectors weights, QuantizedRows input, int count) {
      this.weights = weights;
      this.input = input;
      this.count = count;
    }

    public final int count() {
      return count;
    }

    public final FloatRows[] outputs() {
      return outputs;
    }
  }

  /** Items are panels of the gate. */
  private final class GateUp extends Operands implements RowsPhase.Operands<GateUp> {
    private TernaryMatrix gateMatrix;

    GateUp(FloatRows[] outputs) {
      super(outputs);
    }

    @Override
    public void copy(GateUp other) {
      set(other.weights, other.input, other.count);
      gateMatrix = other.gateMatrix;
    }

    @Override
    public long compute(FloatRows[] outputs, int begin, int end) {
      FloatRows gate = outputs[0];
      kernels.ternaryProduct(gateMatrix, input, gate, count, begin, end);
      int last = column(0, end);
      return kernels.gatedProduct(weights, input, gate, outputs[1], count, column(0, begin), last);
    }

    @Override
    public int column(int output, int panel) {
      return Math.min(panel * TernaryMatrix.PANEL_ROWS, weights.rows());
    }
  }

  /** Items are lines of the columns. */
  private final class Down extends Operands implements RowsPhase.Operands<Down> {
    Down(FloatRows[] outputs) {
      super(outputs);
    }

    @Override
    public void copy(Down other) {
      set(other.weights, other.input, other.count);
    }

    @Override
    public long compute(FloatRows[] outputs, int begin, int end) {
      return kernels.sparseProduct(weights, input, outputs[0], count, begin, end);
    }

    @Override
    public int column(int output, int line) {
      return Math.min(line * TernaryVectors.LINE_DIGITS, weights.rows());
    }
  }

  /**
   * Whether that pays for a layer in a step with that number of rows: the kernels gain by it, and
   * there is one row, or they are few, each leaves out enough, and {@code down} has a line for
   * every thread, or short ones: with several rows a line is more work than threads that have none
   * should wait for.
   *
   * @param down the layer's; if it is not by columns, nothing can be left out
   */
  boolean pays(int layer, Linear down, int rows) {
    return down instanceof Linear.Vectors(TernaryVectors columns, Norm none)
        && kernels.gainsBySkipping()
        && (rows == 1
            || rows <= TernaryVectors.MOST_ROWS
                && activeShares[layer] <= kernels.crossover(rows)
                && (team.threads() <= columns.lines()
                    || columns.count() * TernaryVectors.LINE_BYTES <= SHORT_LINE));
  }

  /**
   * Learns what share of the rows of {@code up} is active, from one of several rows of gates. It is
   * each row's own share that counts, since rows are often alike.
   */
  void learn(int layer, FloatRows gates, int rows) {
    if (rows == 1 || rows > TernaryVectors.MOST_ROWS) {
      return;
    }
    if (layer == 0) {
      steps = steps == Integer.MAX_VALUE ? LOOKS : steps + 1;
    }
    boolean often = steps <= LOOKS;
    if (!often && (steps + layer) % LOOKS != 0) {
      return;
    }
    int row = (often ? steps : steps / LOOKS) % rows;
    int active = 0;
    for (int i = 0; i < gates.columns(); i++) {
      active += gates.get(row, i) > 0 ? 1 : 0;
    }
    activeShares[layer] += ((float) active / gates.columns() - activeShares[layer]) / 4;
  }

  /**
   * gate = W_gate normed; up = W_up normed where the gate is above 0, else 0.
   *
   * @param gateWeights a {@link Linear.Ternary}
   * @param upWeights {@link Linear.Vectors} by rows
   */
  void gateUp(
      Linear gateWeights, Linear upWeights, QuantizedRows normed, int count, WeightReads reads) {
    gateUp.gateMatrix = ((Linear.Ternary) gateWeights).matrix();
    gateUp.set(((Linear.Vectors) upWeights).vectors(), normed, count);
    team.runGuided(gateUpPhase.task(), gateWeights.panels(), LEAST_PANELS, MOST_PANELS, 4);
    reads.addBytes(gateWeights.bytes());
    reads.addUp(gateUpPhase.bytesRead(), gateUp.weights.bytes());
  }

  /**
   * out = W_down hidden.
   *
   * @param downWeights {@link Linear.Vectors} by columns
   */
  void down(Linear downWeights, QuantizedRows hidden, int count, WeightReads reads) {
    down.set(((Linear.Vectors) downWeights).vectors(), hidden, count);
    // Each range looks for the zeros again, so there are at most as many ranges as threads.
    int lines = down.weights.lines();
    team.run(downPhase.task(), lines, Math.ceilDiv(lines, team.threads()));
    reads.addDown(downPhase.bytesRead(), down.weights.bytes());
  }
}
