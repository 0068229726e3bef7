package org.bitnetj.model.screening;

import java.util.Arrays;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LogitBounds;
import org.bitnetj.tensor.LowBitMatrix;

/**
 * One row of a step while its tokens are screened: its activation, the bounds of its logits, and
 * the threshold that an upper bound must reach. For one thread at a time.
 */
final class ScreenedRow {
  private final Activation16 activation;
  private final LogitBounds bounds;
  private float[] best = new float[64]; // a heap, the least on top
  private final int tokens;
  private int row;
  private LogitsNeed need = LogitsNeed.all();
  private int count;
  private ComputedLogits candidates = new ComputedLogits();
  private int most;
  private int refinedRows;
  private boolean pays;

  ScreenedRow(NativeMemory memory, LowBitMatrix lowBit) {
    this.activation = Activation16.allocate(memory, lowBit.columns());
    this.bounds = LogitBounds.allocate(memory, lowBit.rows());
    this.tokens = lowBit.rows();
  }

  Activation16 activation() {
    return activation;
  }

  LogitBounds bounds() {
    return bounds;
  }

  /**
   * Takes row {@code row} of the head's input.
   *
   * @param count how many of the best logits are needed, at most the panels
   * @param candidates gets the tokens that are left
   * @param most for how many of them screening pays
   * @return false if bounds would not hold for it
   */
  boolean take(
      FloatRows input, int row, LogitsNeed need, int count, ComputedLogits candidates, int most) {
    this.row = row;
    this.need = need;
    this.count = count;
    this.candidates = candidates;
    this.most = most;
    refinedRows = 0;
    pays = false;
    return activation.set(input, row);
  }

  /** The row of the step's logits. */
  int row() {
    return row;
  }

  LogitsNeed need() {
    return need;
  }

  /** How many of the best logits are needed. */
  int count() {
    return count;
  }

  /** From bounds by the coarse plane: whose upper bound is below the threshold is ruled out. */
  void setThreshold() {
    bounds.setThreshold(countLargestLower());
  }

  /**
   * From refined bounds. They may be looser by a rounding, so the better of both thresholds is
   * kept. Lists the candidates, if they are so few that screening pays.
   */
  void raiseThreshold() {
    float threshold = Math.max(bounds.threshold(), countLargestLower());
    bounds.setThreshold(threshold);
    candidates.clear();
    for (int panel = 0; panel < bounds.panels(); panel++) {
      refinedRows += bounds.panelRefined(panel);
      if (bounds.panelUpper(panel) >= threshold && candidates.count() <= most) {
        listCandidates(panel * LowBitMatrix.PANEL_ROWS, threshold);
      }
    }
    pays = candidates.count() <= most;
    if (!pays) {
      candidates.setAll();
    }
  }

  private void listCandidates(int first, float threshold) {
    int last = Math.min(first + LowBitMatrix.PANEL_ROWS, tokens);
    for (int token = first; token < last; token++) {
      if (bounds.upper(token) >= threshold) {
        candidates.append(token);
      }
    }
  }

  /** Rows of the head of which the second plane was read. */
  int refinedRows() {
    return refinedRows;
  }

  /** Tokens that are not ruled out; all if screening does not pay. */
  ComputedLogits candidates() {
    return candidates;
  }

  /** Whether there are so few candidates that the whole head would cost more. */
  boolean pays() {
    return pays;
  }

  /**
   * The k-th largest of all lower bounds, k the count. The k-th largest of the panels' own is no
   * larger, and only panels that reach it can hold larger ones.
   */
  private float countLargestLower() {
    if (best.length < count) {
      best = new float[Math.max(count, 2 * best.length)];
    }
    Arrays.fill(best, 0, count, Float.NEGATIVE_INFINITY);
    for (int panel = 0; panel < bounds.panels(); panel++) {
      float lower = bounds.panelLower(panel);
      if (lower > best[0]) {
        replaceLeast(lower);
      }
    }
    float least = best[0];
    if (count == 1) {
      return least;
    }
    Arrays.fill(best, 0, count, Float.NEGATIVE_INFINITY);
    for (int panel = 0; panel < bounds.panels(); panel++) {
      if (bounds.panelLower(panel) >= least) {
        for (int r = 0; r < LowBitMatrix.PANEL_ROWS; r++) {
          float lower = bounds.lower(panel * LowBitMatrix.PANEL_ROWS + r);
          if (lower > best[0]) {
            replaceLeast(lower);
          }
        }
      }
    }
    return best[0];
  }

  /** Puts a larger value in the place of the least. */
  private void replaceLeast(float value) {
    int at = 0;
    while (true) {
      int child = 2 * at + 1;
      if (child + 1 < count && best[child + 1] < best[child]) {
        child++;
      }
      if (child >= count || best[child] >= value) {
        break;
      }
      best[at] = best[child];
      at = child;
    }
    best[at] = value;
  }
}
