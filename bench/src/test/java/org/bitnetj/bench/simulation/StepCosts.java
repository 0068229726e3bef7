package org.bitnetj.bench.simulation;

import java.util.TreeMap;

/**
 * How long a host's steps take.
 *
 * @param tokenSteps seconds of a step by how many texts decode in it, for 1 and two numbers at
 *     least; between two numbers on the line through both, beyond the last on that through the last
 *     two
 * @param promptRow seconds that a token of a prompt takes where no text decodes
 * @param promptRowBeside seconds that it adds where some do
 */
record StepCosts(TreeMap<Integer, Double> tokenSteps, double promptRow, double promptRowBeside) {
  /** Rows of a step. */
  static final int CAPACITY = 128;

  // As PromptPace has them.
  private static final double MOST_DELAY = 0.9;
  private static final int LEAST_PROMPT_ROWS = 8;

  /** Most rows of prompts in a step beside texts that decode. */
  int mostPromptRows(int texts) {
    if (texts == 0) {
      return CAPACITY;
    }
    int fast = (int) (MOST_DELAY * tokenStep(texts) / promptRowBeside);
    return Math.min(CAPACITY - texts, Math.max(LEAST_PROMPT_ROWS, fast));
  }

  /** Seconds of a step. */
  double step(int texts, int promptRows) {
    return texts == 0
        ? Math.max(promptRow * promptRows, tokenStep(1))
        : tokenStep(texts) + promptRowBeside * promptRows;
  }

  private double tokenStep(int texts) {
    Double known = tokenSteps.get(texts);
    if (known != null) {
      return known;
    }
    Integer above = tokenSteps.higherKey(texts);
    if (above == null) {
      above = tokenSteps.lastKey();
    }
    int below = tokenSteps.lowerKey(above);
    double from = tokenSteps.get(below);
    return from + (tokenSteps.get(above) - from) * (texts - below) / (above - below);
  }
}
