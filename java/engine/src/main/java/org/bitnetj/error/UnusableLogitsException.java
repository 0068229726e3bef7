package org.bitnetj.error;

/** Logits among which no token can be chosen; the message is a sentence that says why. */
public final class UnusableLogitsException extends ArithmeticException {
  private static final long serialVersionUID = 1L;

  public UnusableLogitsException(String sentence) {
    super(sentence);
  }
}
