package org.bitnetj.sampling;

import org.bitnetj.model.screening.LogitsNeed;

/**
 * The logits that a {@link Sampler} looks at: the best that its filters keep, and the penalized
 * tokens. Follows the tokens that the sampler accepts.
 */
final class SamplerNeed implements LogitsNeed {
  private final int best;
  private final int vocabulary;
  private final RecentTokens tokens;

  /**
   * @param best how many would be enough without penalties; 0 for all logits
   * @param vocabulary how many tokens are looked at, from the first on; a model may have more
   * @param tokens those that are penalized, repeats and all
   */
  SamplerNeed(int best, int vocabulary, RecentTokens tokens) {
    this.best = best;
    this.vocabulary = vocabulary;
    this.tokens = tokens;
  }

  @Override
  public boolean isAll() {
    return best == 0;
  }

  /**
   * The penalties may throw as many as they penalize out of the best, and tokens that are not
   * looked at may be among them.
   */
  @Override
  public int count(int rows) {
    int distinct = 0;
    for (int i = 0; i < tokens.size(); i++) {
      distinct += i == 0 || tokens.sorted(i) != tokens.sorted(i - 1) ? 1 : 0;
    }
    return best + distinct + Math.max(0, rows - vocabulary);
  }

  @Override
  public int tokens() {
    return tokens.size();
  }

  @Override
  public int token(int i) {
    return tokens.sorted(i);
  }
}
