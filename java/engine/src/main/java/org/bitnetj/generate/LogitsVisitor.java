package org.bitnetj.generate;

/** Receives the logits of a text, position by position. */
@FunctionalInterface
public interface LogitsVisitor {
  /**
   * Receives the logits of one position.
   *
   * @param position the token's index in the text
   * @param logits of the token that follows it, by id; overwritten after the call
   */
  void row(int position, float[] logits);
}
