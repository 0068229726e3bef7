package org.bitnetj.model;

import java.util.concurrent.atomic.AtomicLong;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;

/**
 * The products of a feed-forward network with squared ReLU for a step of one row, without the
 * weights that are multiplied by 0. The bits of {@code hidden = quantize(sub_norm(relu(gate)^2 *
 * up))} and of what follows are those of the dense products:
 *
 * <ul>
 *   <li>Where the gate is 0 or less, relu(gate)^2 is +0, and +0 times any finite {@code up} is a
 *       zero; its sign is lost in the square of the norm's sum, in the largest absolute value and
 *       in int8. So {@code up} is 0 there, unless it might be infinite. Where the gate is NaN, NaN
 *       times any {@code up} is NaN.
 *   <li>Columns of {@code down} whose activation is 0 add 0 to an integer sum.
 * </ul>
 *
 * For one caller at a time.
 */
final class SparseFeedForward {
  /**
   * Panels of the gate, and so 16 rows of {@code up} each, that a worker takes at a time at last.
   */
  private static final int MOST_PANELS = 32;

  private static final int LEAST_PANELS = 8;

  private final Kernels kernels;
  private final ThreadTeam team;
  private final AtomicLong read = new AtomicLong();
  private final ThreadTeam.Task gateUp = this::gateUp;
  private final ThreadTeam.Task down = this::down;

  // What is multiplied; set by the caller's thread between phases.
  private Weights.Copies copies;
  private QuantizedRows input;
  private FloatRows gate;
  private FloatRows output;

  SparseFeedForward(Kernels kernels, ThreadTeam team) {
    this.kernels = kernels;
    this.team = team;
  }

  /** gate = W_gate normed; up = W_up normed where the gate is above 0, else 0. */
  void gateUp(
      Weights.Copies copies,
      QuantizedRows normed,
      FloatRows gate,
      FloatRows up,
      WeightReads reads) {
    this.copies = copies;
    this.input = normed;
    this.gate = gate;
    this.output = up;
    read.setPlain(0);
    int panels = copies.gate().panelCount();
    team.runGuided(gateUp, panels, LEAST_PANELS, MOST_PANELS, 4);
    reads.addBytes(copies.gate().bytes());
    reads.addUp(read.getPlain(), copies.up().bytes());
  }

  private void gateUp(int begin, int end) {
    kernels.ternaryProduct(copies.gate(), input, gate, 1, begin, end);
    int first = begin * TernaryMatrix.PANEL_ROWS;
    int last = Math.min(end * TernaryMatrix.PANEL_ROWS, gate.columns());
    read.addAndGet(kernels.gatedProduct(copies.up(), input, gate, output, first, last));
  }

  /** out = W_down hidden. */
  void down(Weights.Copies copies, QuantizedRows hidden, FloatRows out, WeightReads reads) {
    this.copies = copies;
    this.input = hidden;
    this.output = out;
    read.setPlain(0);
    // Each range looks for the zeros again, so there are no more ranges than threads.
    int lines = copies.down().lines();
    team.run(down, lines, Math.ceilDiv(lines, team.threads()));
    reads.addDown(read.getPlain(), copies.down().bytes());
  }

  private void down(int begin, int end) {
    read.addAndGet(kernels.sparseProduct(copies.down(), input, output, begin, end));
  }
}
