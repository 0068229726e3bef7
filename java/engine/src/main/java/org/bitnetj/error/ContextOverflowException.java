package org.bitnetj.error;

/** A step asked for a position that the KV cache has no room for. Nothing was computed. */
public final class ContextOverflowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ContextOverflowException(String sentence) {
    super(sentence);
  }
}
