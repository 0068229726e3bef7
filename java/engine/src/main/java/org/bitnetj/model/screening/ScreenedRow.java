package org.bitnetj.model.screening;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
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
  /** Panels that are read at a time: element by element would take several times as long. */
  private static final int PIECE = 1024;

  private final Activation16 activation;
  private final LogitBounds bounds;
  private float[] best = new float[64]; // logits by the coarse plane, a heap, the least on top
  private int[] bestTokens = new int[64]; // whose they are
  private final LowBitMatrix lowBit;
  private final float[] piece = new float[PIECE];
  private final int[] refined = new int[PIECE];
  private final float[] panel = new float[LowBitMatrix.PANEL_ROWS];
  private int row;
  private LogitsNeed need = LogitsNeed.all();
  private int count;
  private ComputedLogits candidates = new ComputedLogits();
  private int most;
  private boolean bounded;
  private float reach;
  private float kthLargest; // k logits are no smaller
  private int refinedRows;
  private boolean pays;
  private boolean complete;

  ScreenedRow(NativeMemory memory, LowBitMatrix lowBit) {
    this.activation = Activation16.allocate(memory, lowBit.columns());
    this.bounds = LogitBounds.allocate(memory, lowBit.rows());
    this.lowBit = lowBit;
  }

  Activation16 activation() {
    return activation;
  }

  LogitBounds bounds() {
    return bounds;
  }

  /**
   * Starts with row {@code row} of the head's input.
   *
   * @param count how many of the best logits are needed, at most the panels
   * @param candidates gets the tokens that are left
   * @param most for how many of them screening pays
   */
  void start(int row, LogitsNeed need, int count, ComputedLogits candidates, int most) {
    this.row = row;
    this.need = need;
    this.count = count;
    this.candidates = candidates;
    this.most = most;
    reach = need.reach();
    pays = false;
    complete = false;
  }

  /**
   * Takes the row from the head's input.
   *
   * @param rounded whether bounds may be a little wider, which several rows compute faster
   */
  void take(FloatRows input, boolean rounded) {
    bounded = rounded ? activation.setRounded(input, row) : activation.set(input, row);
  }

  /** Whether bounds hold for the row that was taken. */
  boolean isBounded() {
    return bounded;
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

  /**
   * From bounds by the coarse plane, after {@link #findBest}: whose upper bound is below the
   * threshold is ruled out.
   *
   * @param logits those of the best tokens are there
   */
  void setThreshold(FloatRows logits) {
    float least = Float.POSITIVE_INFINITY;
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      float logit = logits.get(row, bestTokens[i]);
      least = Math.min(least, logit);
      largest = Math.max(largest, logit);
    }
    kthLargest = least;
    bounds.setThreshold(Math.max(kthLargest, largest - reach));
  }

  /**
   * Whether the candidates, whose logits are there, are enough for the row's need. If so, nothing
   * more is done for it; if not, the threshold is lowered to that of the k best, and candidates are
   * to be found again.
   */
  boolean complete(FloatRows logits) {
    float threshold = bounds.threshold();
    complete =
        complete
            || !pays
            || threshold == kthLargest
            || need.isMet(logits, row, candidates, threshold);
    bounds.setThreshold(complete ? Float.POSITIVE_INFINITY : kthLargest);
    return complete;
  }

  /** Whether nothing more is to be done for it. */
  boolean isComplete() {
    return complete;
  }

  /** From refined bounds: lists the candidates, if they are so few that screening pays. */
  void list() {
    float threshold = bounds.threshold();
    candidates.clear();
    refinedRows = 0;
    for (int first = 0; first < bounds.panels(); first += PIECE) {
      int count = read(bounds.panelUpper(), first, bounds.panels(), piece);
      MemorySegment.copy(
          bounds.panelRefined(), JAVA_INT, (long) first * Integer.BYTES, refined, 0, count);
      for (int i = 0; i < count; i++) {
        refinedRows += refined[i];
        if (piece[i] >= threshold && candidates.count() <= most) {
          listCandidates((first + i) * LowBitMatrix.PANEL_ROWS, threshold);
        }
      }
    }
    pays = candidates.count() <= most;
    if (!pays) {
      candidates.setAll();
    }
  }

  private void listCandidates(int first, float threshold) {
    int count = read(bounds.upper(), first, lowBit.rows(), panel);
    for (int i = 0; i < count; i++) {
      if (panel[i] >= threshold) {
        candidates.append(first + i);
      }
    }
  }

  /** Fills an array with elements {@code [first, end)}, as far as it goes; returns how far. */
  private static int read(MemorySegment from, int first, int end, float[] to) {
    int count = Math.min(to.length, end - first);
    MemorySegment.copy(from, JAVA_FLOAT, (long) first * Float.BYTES, to, 0, count);
    return count;
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
   * Finds the k tokens, k the count, whose logits are the largest by the coarse plane itself. The
   * k-th largest of the panels' own is no larger, and only panels that reach it can hold larger
   * ones.
   */
  void findBest() {
    if (best.length < count) {
      best = new float[Math.max(count, 2 * best.length)];
      bestTokens = new int[best.length];
    }
    Arrays.fill(best, 0, count, Float.NEGATIVE_INFINITY);
    for (int first = 0; first < bounds.panels(); first += PIECE) {
      int panels = read(bounds.panelValue(), first, bounds.panels(), piece);
      for (int i = 0; i < panels; i++) {
        if (piece[i] > best[0]) {
          replaceLeast(piece[i], first + i); // a panel, for now
        }
      }
    }
    float least = best[0];
    Arrays.fill(best, 0, count, Float.NEGATIVE_INFINITY);
    for (int first = 0; first < bounds.panels(); first += PIECE) {
      int panels = read(bounds.panelValue(), first, bounds.panels(), piece);
      for (int i = 0; i < panels; i++) {
        if (piece[i] >= least) {
          replaceLeastBy((first + i) * LowBitMatrix.PANEL_ROWS);
        }
      }
    }
  }

  /** The i-th of the tokens that were found, i below the count. */
  int bestToken(int i) {
    return bestTokens[i];
  }

  private void replaceLeastBy(int first) {
    int end = Math.min(first + LowBitMatrix.PANEL_ROWS, lowBit.rows());
    for (int token = first; token < end; token++) {
      float value = bounds.value(lowBit, activation, token);
      if (value > best[0]) {
        replaceLeast(value, token);
      }
    }
  }

  /** Puts a larger value in the place of the least. */
  private void replaceLeast(float value, int token) {
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
      bestTokens[at] = bestTokens[child];
      at = child;
    }
    best[at] = value;
    bestTokens[at] = token;
  }
}
