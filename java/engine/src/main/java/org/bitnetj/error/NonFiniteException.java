package org.bitnetj.error;

/** An activation became NaN or infinite: the weights are damaged. The step has no result. */
public final class NonFiniteException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * An exception with a message for people.
   *
   * @param sentence what is wrong, where, and what to do
   */
  public NonFiniteException(String sentence) {
    super(sentence);
  }
}
