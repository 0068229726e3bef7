package org.bitnetj.family;

/**
 * Constant factors of a model's graph: what some families train with so that one set of
 * hyperparameters fits all sizes (MiniCPM, arXiv 2404.06395).
 *
 * @param embedding embeddings are multiplied by it
 * @param residual what a block adds to the residual stream is multiplied by it, then added
 * @param logits the head's input is multiplied by {@code 1 / logits}, so that logits are divided by
 *     it
 */
public record Multipliers(float embedding, float residual, float logits) {
  /** Nothing is changed. */
  public static final Multipliers NONE = new Multipliers(1, 1, 1);

  /**
   * @throws IllegalArgumentException if one of them is not a positive number; the message is a
   *     clause
   */
  public Multipliers {
    check(embedding, "embeddings");
    check(residual, "what is added to the residual stream");
    check(logits, "logits");
  }

  private static void check(float factor, String what) {
    if (!(factor > 0 && factor < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "a scale of " + factor + " for " + what + " is out of range");
    }
  }

  /** Embeddings are multiplied by the root of the width, as Gemma's are. */
  public static Multipliers ofEmbedding(int width) {
    return new Multipliers((float) Math.sqrt(width), 1, 1);
  }
}
