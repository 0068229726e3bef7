package org.bitnetj.engine;

/**
 * How long steps of few rows take, learned from those that were computed, and how many drafted rows
 * are worth their time. Not thread-safe.
 */
final class StepTimes {
  /** The weight of a new measurement in the mean of all. */
  private static final double RENEWAL = 0.2;

  /** What each step takes off the times of other numbers of rows, so that these are tried again. */
  private static final double FORGOTTEN = 0.001;

  /** A step is thought to take the time of so many rows besides, where nothing is known of it. */
  private static final double FIXED = 9;

  private final double[] nanos; // by rows; 0 for unknown

  /**
   * @param most rows of a step
   */
  StepTimes(int most) {
    nanos = new double[most + 1];
  }

  /** Learns from a step of sequences that want their next token. */
  void note(int rows, long time) {
    for (int i = 1; i < nanos.length; i++) {
      nanos[i] -= i == rows ? 0 : FORGOTTEN * nanos[i];
    }
    double before = nanos[rows];
    nanos[rows] = before == 0 ? time : before + RENEWAL * (time - before);
  }

  /**
   * How many drafted tokens to compute beside a sequence's next one, so that steps give the most
   * tokens for their time. The other sequences are thought to draft as many: a step has room for
   * what all of them want, and a draft that pays for one alone but slows down the others is not
   * made.
   *
   * @param sequences in the step, this one among them
   * @param most tokens that can be drafted
   * @param first the probability that the first of them is right
   * @param next the same for each later one if those before it are
   */
  int drafts(int sequences, int most, double first, double next) {
    if (sequences >= nanos.length || nanos[sequences] == 0) {
      return 0;
    }
    int best = 0;
    double bestRate = 1 / nanos[sequences];
    double expected = 1;
    double right = first;
    for (int count = 1; count <= most && sequences * (1 + count) < nanos.length; count++) {
      expected += right;
      right *= next;
      boolean tried = (count & count + 1) == 0; // 1, 3 and 7, so that each is soon known well
      if (tried && expected / estimate(sequences * (1 + count)) > bestRate) {
        best = count;
        bestRate = expected / estimate(sequences * (1 + count));
      }
    }
    return best;
  }

  /** The time of so many rows, on the line through the nearest two numbers that are known. */
  private double estimate(int rows) {
    int fewer = known(rows, -1); // there is one: the rows without drafts
    int other = fewer == rows ? 0 : known(rows, 1);
    if (other == 0) {
      other = known(fewer - 1, -1);
    }
    double rise =
        other == 0
            ? nanos[fewer] / (FIXED + fewer)
            : (nanos[other] - nanos[fewer]) / (other - fewer);
    return nanos[fewer] + Math.max(0, rise) * (rows - fewer);
  }

  /** The first number of rows with a known time from {@code rows} on, up or down; 0 for none. */
  private int known(int rows, int direction) {
    while (rows > 0 && rows < nanos.length && nanos[rows] == 0) {
      rows += direction;
    }
    return rows < nanos.length ? Math.max(0, rows) : 0;
  }
}
