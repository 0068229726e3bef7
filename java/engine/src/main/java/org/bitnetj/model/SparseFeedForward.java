package org.bitnetj.model;

import java.util.concurrent.atomic.AtomicLong;
import org.bitnetj.kernel.Kernels;
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

  /** Bytes of a line of all columns of {@code down} that are not worth dividing. */
  private static final int SHORT_LINE = 64 << 10;

  private final Kernels kernels;
  private final ThreadTeam team;
  private final float[] activeShares; // of the rows of up, by layers, for one row of activations
  private final AtomicLong read = new AtomicLong();
  private final ThreadTeam.Task gateUp = this::gateUp;
  private final ThreadTeam.Task down = this::down;

  // What is multiplied; set by the caller's thread between phases.
  private TernaryMatrix gateMatrix;
  private TernaryVectors weights;
  private QuantizedRows input;
  private FloatRows gate;
  private FloatRows output;
  private int count; // of rows
  private int looked; // steps of several rows; each step looks at another row

  SparseFeedForward(Kernels kernels, ThreadTeam team, int layers) {
    this.activeShares = new float[layers];
    this.kernels = kernels;
    this.team = team;
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
      looked++;
    }
    int row = looked % rows;
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
      Linear gateWeights,
      Linear upWeights,
      QuantizedRows normed,
      FloatRows gate,
      FloatRows up,
      int count,
      WeightReads reads) {
    this.gateMatrix = ((Linear.Ternary) gateWeights).matrix();
    this.weights = ((Linear.Vectors) upWeights).vectors();
    this.input = normed;
    this.gate = gate;
    this.output = up;
    this.count = count;
    read.setPlain(0);
    int panels = gateWeights.panels();
    team.runGuided(gateUp, panels, LEAST_PANELS, MOST_PANELS, 4);
    reads.addBytes(gateWeights.bytes());
    reads.addUp(read.getPlain(), weights.bytes());
  }

  private void gateUp(int begin, int end) {
    kernels.ternaryProduct(gateMatrix, input, gate, count, begin, end);
    int first = begin * TernaryMatrix.PANEL_ROWS;
    int last = Math.min(end * TernaryMatrix.PANEL_ROWS, gate.columns());
    read.addAndGet(kernels.gatedProduct(weights, input, gate, output, count, first, last));
  }

  /**
   * out = W_down hidden.
   *
   * @param downWeights {@link Linear.Vectors} by columns
   */
  void down(Linear downWeights, QuantizedRows hidden, FloatRows out, int count, WeightReads reads) {
    this.weights = ((Linear.Vectors) downWeights).vectors();
    this.input = hidden;
    this.output = out;
    this.count = count;
    read.setPlain(0);
    // Each range looks for the zeros again, so there are at most as many ranges as threads.
    int lines = weights.lines();
    team.run(down, lines, Math.ceilDiv(lines, team.threads()));
    reads.addDown(read.getPlain(), weights.bytes());
  }

  private void down(int begin, int end) {
    read.addAndGet(kernels.sparseProduct(weights, input, output, count, begin, end));
  }
}
