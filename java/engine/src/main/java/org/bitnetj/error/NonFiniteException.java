package org.bitnetj.error;

/** An activation became NaN or infinite: the weights are damaged. The step has no result. */
public final class NonFiniteException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NonFiniteException(String sentence) {
    super(sentence);
  }
}
