package org.bitnetj.sampling;

/**
 * Which logits of a row its reader looks at: the best so many, and some tokens whatever their logit
 * is. All others may as well be −∞: the reader then decides as it would with all of them. A {@link
 * Sampler} has one, which follows the tokens it accepts; for one thread at a time.
 */
public final class LogitsNeed {
  private final int best;
  private final int vocabulary;
  private final RecentTokens tokens;

  /**
   * @param best how many that would be without penalties; 0 for all logits
   * @param vocabulary how many tokens are looked at, from the first on; a model may have more
   * @param tokens those that are penalized, repeats and all
   */
  LogitsNeed(int best, int vocabulary, RecentTokens tokens) {
    this.best = best;
    this.vocabulary = vocabulary;
    this.tokens = tokens;
  }

  /** Every logit. */
  public static LogitsNeed all() {
    return new LogitsNeed(0, Integer.MAX_VALUE, new RecentTokens(0));
  }

  /** The {@code count} best, at least 1, of all that the model has; with ties all of the last. */
  public static LogitsNeed best(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("The best " + count + " logits are none.");
    }
    return new LogitsNeed(count, Integer.MAX_VALUE, new RecentTokens(0));
  }

  public boolean isAll() {
    return best == 0;
  }

  /**
   * How many of the best of {@code rows} logits are enough: the penalties may throw as many as they
   * penalize out of the best, and tokens that are not looked at may be among them.
   */
  public int count(int rows) {
    int distinct = 0;
    for (int i = 0; i < tokens.size(); i++) {
      distinct += i == 0 || tokens.sorted(i) != tokens.sorted(i - 1) ? 1 : 0;
    }
    return best + distinct + Math.max(0, rows - vocabulary);
  }

  /** How many tokens are needed whatever their logits are, repeats counted. */
  public int tokens() {
    return tokens.size();
  }

  /** One of them. */
  public int token(int i) {
    return tokens.sorted(i);
  }
}
