package org.bitnetj.sampling;

import org.bitnetj.model.screening.ComputedLogits;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.tensor.FloatRows;
import org.jspecify.annotations.Nullable;

/**
 * The logits that a {@link Sampler} looks at: the best that its filters keep, and the tokens that
 * are penalized or have a bias. If only some tokens are allowed it is these where they are few,
 * else all. Follows the tokens that the sampler accepts and allows.
 */
final class SamplerNeed implements LogitsNeed {
  /** Of more allowed tokens all logits are computed. */
  private static final int FEW = 256;

  private final int best;
  private final int vocabulary;
  private final RecentTokens tokens;
  private final int[] biased;
  private final float reach;
  private final Decision decision;
  private final int[] allowed = new int[FEW];
  private int allowedCount; // FEW + 1 for more
  private boolean restricted;

  /** Whether a choice does not depend on logits that are not computed; as {@link #isMet}. */
  interface Decision {
    boolean isMet(FloatRows logits, int row, ComputedLogits computed, float least);
  }

  /**
   * @param best how many would be enough without penalties; 0 for all logits
   * @param vocabulary how many tokens are looked at, from the first on; a model may have more
   * @param tokens those that are penalized, repeats and all
   * @param biased those with a bias
   * @param reach how far below the best logit a token hardly counts; ∞ if all of the best do
   * @param decision what the choice depends on, if those are left out
   */
  SamplerNeed(
      int best, int vocabulary, RecentTokens tokens, int[] biased, float reach, Decision decision) {
    this.best = best;
    this.vocabulary = vocabulary;
    this.tokens = tokens;
    this.biased = biased;
    this.reach = reach;
    this.decision = decision;
  }

  /** Restricts the tokens to those whose bits are set; null for all. */
  void allow(long @Nullable [] bits) {
    restricted = bits != null;
    allowedCount = 0;
    for (int word = 0; bits != null && word < bits.length && allowedCount <= FEW; word++) {
      for (long rest = bits[word]; rest != 0 && allowedCount <= FEW; rest &= rest - 1) {
        if (allowedCount < FEW) {
          allowed[allowedCount] = word * Long.SIZE + Long.numberOfTrailingZeros(rest);
        }
        allowedCount++;
      }
    }
  }

  @Override
  public boolean isAll() {
    return restricted ? allowedCount > FEW : best == 0;
  }

  /**
   * Penalties and biases may throw as many out of the best as there are of them, and tokens that
   * are not looked at may be among them.
   */
  @Override
  public int count(int rows) {
    if (restricted) {
      return 1;
    }
    int distinct = 0;
    for (int i = 0; i < tokens.size(); i++) {
      distinct += i == 0 || tokens.sorted(i) != tokens.sorted(i - 1) ? 1 : 0;
    }
    return best + distinct + biased.length + Math.max(0, rows - vocabulary);
  }

  @Override
  public float reach() {
    return restricted ? Float.POSITIVE_INFINITY : reach;
  }

  @Override
  public boolean isMet(FloatRows logits, int row, ComputedLogits computed, float least) {
    return decision.isMet(logits, row, computed, least);
  }

  @Override
  public int tokens() {
    return restricted ? allowedCount : tokens.size() + biased.length;
  }

  @Override
  public int token(int i) {
    if (restricted) {
      return allowed[i];
    }
    return i < tokens.size() ? tokens.sorted(i) : biased[i - tokens.size()];
  }
}
