package org.bitnetj.model;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LogitBounds;
import org.bitnetj.tensor.LowBitMatrix;

/**
 * The best logits of one row without reading the whole head, exactly: a low-bit copy of the head
 * bounds every logit from both sides ({@link Activation16} has the proof); a token whose upper
 * bound is below the k-th largest lower bound is not among the k best, for k others surpass it, and
 * what is left, ties included, is computed from the head itself, as ever. The copy is read in two
 * steps, its second plane only for rows that the first has not ruled out. For one caller at a time.
 */
final class HeadShortlist {
  /** When more than this share of the rows is left over, the whole head costs less than they do. */
  private static final int MOST_LEFT = 8;

  /** Panels whose logits are cleared at a time. */
  private static final int CLEARED = 256;

  /** Panels that a worker takes at a time, but for long streams. */
  private static final int MOST_PANELS = 64;

  private static final int LEAST_PANELS = 8;

  private static final int CHUNKS_PER_THREAD = 8;

  /**
   * After a row for which the shortlist did not pay, so many may be computed without trying: twice
   * as many each time, for heads differ in that more than rows do.
   */
  private static final int LONGEST_REST = 127;

  /** With norms beyond this a logit might overflow, or the bounds themselves. */
  private static final float LARGEST_NORM = 0x1p70f;

  private final FloatMatrix head;
  private final LowBitMatrix lowBit;
  private final Kernels kernels;
  private final ThreadTeam team;
  private final Activation16 activation;
  private final LogitBounds bounds;
  private final MemorySegment cleared;
  private final boolean usable;
  private float[] best = new float[64];

  private final ThreadTeam.Task bound = this::bound;
  private final ThreadTeam.Task refine = this::refine;
  private final ThreadTeam.Task compute = this::compute;

  // Where the step is; set by the caller's thread between phases.
  private FloatRows input;
  private FloatRows logits;
  private float threshold;
  private boolean bounded;
  private int refinedRows;
  private int computedRows;
  private int tooMany; // of the best: that many did not pay
  private int rest; // after the last row for which it did not pay
  private int resting; // rows that are left of it

  HeadShortlist(
      NativeMemory memory,
      FloatMatrix head,
      LowBitMatrix lowBit,
      Kernels kernels,
      ThreadTeam team) {
    this.head = head;
    this.lowBit = lowBit;
    this.kernels = kernels;
    this.team = team;
    this.activation = Activation16.allocate(memory, lowBit.columns());
    this.bounds = LogitBounds.allocate(memory, lowBit.rows());
    this.usable = lowBit.largestNorm() <= LARGEST_NORM;
    float[] none = new float[CLEARED * LowBitMatrix.PANEL_ROWS];
    Arrays.fill(none, Float.NEGATIVE_INFINITY);
    this.cleared = memory.allocate((long) none.length * Float.BYTES);
    MemorySegment.copy(none, 0, cleared, JAVA_FLOAT, 0, none.length);
  }

  /** For rows here and there: likely tokens may be neighbours, so all ranges are short. */
  private void scatter(ThreadTeam.Task task) {
    int grain = bounds.panels() / (CHUNKS_PER_THREAD * team.threads());
    team.run(task, bounds.panels(), Math.clamp(grain, LEAST_PANELS, MOST_PANELS));
  }

  /**
   * Computes the logits needed of the first row of {@code input}, which is finite, into the first
   * row of {@code logits}; the others become −∞.
   *
   * @return false if that would not pay, or the bounds would not hold; all logits must be computed
   */
  boolean compute(FloatRows input, FloatRows logits, LogitsNeed need) {
    bounded = false;
    refinedRows = 0;
    computedRows = 0;
    int count = need.isAll() ? Integer.MAX_VALUE : need.count(head.rows());
    if (!usable || count > bounds.panels()) {
      return false;
    }
    if (resting > 0 && count >= tooMany) {
      resting--;
      return false;
    }
    if (!activation.set(input, 0)) {
      return false;
    }
    this.input = input;
    this.logits = logits;
    bounded = true;
    team.runGuided(bound, bounds.panels(), LEAST_PANELS, MOST_PANELS, 4);
    threshold = kthLargestLower(count);
    scatter(refine);
    // Bounds that were refined may be looser by a rounding, so keep the better of both thresholds.
    threshold = Math.max(threshold, kthLargestLower(count));
    for (int panel = 0; panel < bounds.panels(); panel++) {
      refinedRows += bounds.panelRefined(panel);
      computedRows += bounds.panelUpper(panel) >= threshold ? left(panel) : 0;
    }
    if (computedRows > head.rows() / MOST_LEFT) {
      computedRows = 0;
      tooMany = rest == 0 ? count : Math.min(tooMany, count);
      rest = Math.min(2 * rest + 1, LONGEST_REST);
      resting = rest;
      return false;
    }
    rest = count >= tooMany ? 0 : rest;
    scatter(compute);
    for (int i = 0; i < need.tokens(); i++) {
      int token = need.token(i);
      if (logits.get(0, token) == Float.NEGATIVE_INFINITY) {
        kernels.headProduct(head, input, logits, 1, token, token + 1);
        computedRows++;
      }
    }
    return true;
  }

  /** Bytes that the last step read of the low-bit copy and the head, of the head its rows only. */
  long bytesRead() {
    return (bounded ? lowBit.coarseBytes() : 0)
        + refinedRows * lowBit.fineRowBytes()
        + computedRows * head.rowBytes();
  }

  /** Rows of which the last step read the second plane. */
  int refinedRows() {
    return refinedRows;
  }

  /** Rows of the head that the last step read. */
  int computedRows() {
    return computedRows;
  }

  private void bound(int begin, int end) {
    kernels.boundLogits(lowBit, activation, bounds, begin, end);
  }

  private void refine(int begin, int end) {
    kernels.refineBounds(lowBit, activation, bounds, threshold, begin, end);
  }

  private void compute(int begin, int end) {
    for (int panel = begin; panel < end; panel += CLEARED) {
      int first = panel * LowBitMatrix.PANEL_ROWS;
      int last = Math.min(Math.min(panel + CLEARED, end) * LowBitMatrix.PANEL_ROWS, head.rows());
      MemorySegment.copy(
          cleared, 0, logits.data(), (long) first * Float.BYTES, (last - first) * 4L);
    }
    for (int panel = begin; panel < end; panel++) {
      if (bounds.panelUpper(panel) >= threshold) {
        int first = panel * LowBitMatrix.PANEL_ROWS;
        int last = Math.min(first + LowBitMatrix.PANEL_ROWS, head.rows());
        for (int row = first; row < last; row++) {
          if (bounds.upper(row) >= threshold) {
            kernels.headProduct(head, input, logits, 1, row, row + 1);
          }
        }
      }
    }
  }

  /** How many rows of a panel reach the threshold. */
  private int left(int panel) {
    int count = 0;
    for (int r = 0; r < LowBitMatrix.PANEL_ROWS; r++) {
      count += bounds.upper(panel * LowBitMatrix.PANEL_ROWS + r) >= threshold ? 1 : 0;
    }
    return count;
  }

  /**
   * The k-th largest of all lower bounds, k at most the panels. The k-th largest of the panels' own
   * is no larger, and only panels that reach it can hold larger ones.
   */
  private float kthLargestLower(int k) {
    if (best.length < k) {
      best = new float[Math.max(k, 2 * best.length)];
    }
    Arrays.fill(best, 0, k, Float.NEGATIVE_INFINITY);
    for (int panel = 0; panel < bounds.panels(); panel++) {
      float lower = bounds.panelLower(panel);
      if (lower > best[0]) {
        replaceLeast(k, lower);
      }
    }
    float least = best[0];
    if (k == 1) {
      return least;
    }
    Arrays.fill(best, 0, k, Float.NEGATIVE_INFINITY);
    for (int panel = 0; panel < bounds.panels(); panel++) {
      if (bounds.panelLower(panel) >= least) {
        for (int r = 0; r < LowBitMatrix.PANEL_ROWS; r++) {
          float lower = bounds.lower(panel * LowBitMatrix.PANEL_ROWS + r);
          if (lower > best[0]) {
            replaceLeast(k, lower);
          }
        }
      }
    }
    return best[0];
  }

  /** Puts a larger value in the place of the least of k, which form a heap. */
  private void replaceLeast(int k, float value) {
    int at = 0;
    while (true) {
      int child = 2 * at + 1;
      if (child + 1 < k && best[child + 1] < best[child]) {
        child++;
      }
      if (child >= k || best[child] >= value) {
        break;
      }
      best[at] = best[child];
      at = child;
    }
    best[at] = value;
  }
}
