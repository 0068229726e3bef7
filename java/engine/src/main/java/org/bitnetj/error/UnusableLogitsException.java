package org.bitnetj.error;

/** No token can be chosen from the logits; the message is a sentence that says why. */
public final class UnusableLogitsException extends ArithmeticException {
  private static final long serialVersionUID = 1L;

  /**
   * An exception with a message for people.
   *
   * @param sentence what is wrong, where, and what to do
   */
  public UnusableLogitsException(String sentence) {
    super(sentence);
  }
}
