package org.bitnetj.error;

/** A step asked for a position that the KV cache has no room for. Nothing was computed. */
public final class ContextOverflowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * An exception with a message for people.
   *
   * @param sentence what is wrong, where, and what to do
   */
  public ContextOverflowException(String sentence) {
    super(sentence);
  }
}
