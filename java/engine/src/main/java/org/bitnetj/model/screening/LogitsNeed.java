package org.bitnetj.model.screening;

import org.bitnetj.tensor.FloatRows;

/**
 * Which logits of a row its reader looks at: the best few, and some tokens whatever their logit is.
 * All others may as well be −∞: the reader then decides as it would with all of them. Or none of
 * them, but what they are computed of. A need may change between steps, as a sampler's does. Not
 * thread-safe.
 */
public interface LogitsNeed {
  /** Whether every logit is needed. */
  boolean isAll();

  /** How many of the best of {@code rows} logits are enough, if not all are needed. */
  int count(int rows);

  /**
   * Logits further than this below the best may be left out, even if they are among the best few,
   * if {@link #isMet} agrees; ∞: none.
   */
  default float reach() {
    return Float.POSITIVE_INFINITY;
  }

  /**
   * Whether the reader decides as with all logits, if it has only these of a row. Called by the
   * thread that computes the step, while the reader waits for it, once for each row with this need.
   * Must not throw.
   *
   * @param computed those that there are, the needed tokens among them
   * @param least no other logit reaches it
   */
  default boolean isMet(FloatRows logits, int row, ComputedLogits computed, float least) {
    return true;
  }

  /** How many tokens are needed whatever their logits are, repeats counted. */
  int tokens();

  /** One of them. */
  int token(int i);

  /** Whether the row's hidden state is needed, as it is before the output head, and no logit. */
  default boolean isHiddenState() {
    return false;
  }

  /** The hidden state. */
  static LogitsNeed hiddenState() {
    return HiddenState.NEED;
  }

  /** Every logit. */
  static LogitsNeed all() {
    return new BestLogits(0);
  }

  /** The {@code count} best, at least 1, of all that the model has; with ties all of the last. */
  static LogitsNeed best(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("At least 1 logit must be needed, not " + count + ".");
    }
    return new BestLogits(count);
  }
}
