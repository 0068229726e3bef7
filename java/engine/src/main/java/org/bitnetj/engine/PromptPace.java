package org.bitnetj.engine;

/**
 * How many rows of prompts a step may have beside sequences that want their next token, so that
 * these do not feel another's long prompt much: a step is meant to take no more than about twice as
 * long as without it. Both times are estimated from the steps so far. Not thread-safe.
 */
final class PromptPace {
  /** As a share of a step without prompts, what their rows may add. */
  private static final double MOST_DELAY = 0.9;

  /** Rows that a prompt gets in any case: in the time of one row several are computed. */
  private static final int LEAST_ROWS = 8;

  /** The weight of a new measurement in the mean of all. */
  private static final double RENEWAL = 0.25;

  private double tokenStepNanos; // of steps without prompts
  private double promptRowNanos;

  /**
   * @param tokenRows rows in the step of sequences that want their next token
   * @return most rows of prompts
   */
  int most(int tokenRows) {
    if (tokenRows == 0) {
      return Integer.MAX_VALUE;
    }
    if (tokenStepNanos == 0 || promptRowNanos == 0) {
      return LEAST_ROWS;
    }
    return (int) Math.max(LEAST_ROWS, MOST_DELAY * tokenStepNanos / promptRowNanos);
  }

  /** Learns from a step. */
  void note(int tokenRows, int promptRows, long nanos) {
    if (promptRows == 0) {
      tokenStepNanos = mean(tokenStepNanos, nanos);
    } else if (tokenRows == 0) {
      promptRowNanos = mean(promptRowNanos, (double) nanos / promptRows);
    } else if (nanos > tokenStepNanos && tokenStepNanos > 0) {
      promptRowNanos = mean(promptRowNanos, (nanos - tokenStepNanos) / promptRows);
    }
  }

  private static double mean(double before, double now) {
    return before == 0 ? now : before + RENEWAL * (now - before);
  }
}
