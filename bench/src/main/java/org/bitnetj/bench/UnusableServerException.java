package org.bitnetj.bench;

/** A server that cannot be measured; the message is a sentence that says why. */
public final class UnusableServerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnusableServerException(String sentence) {
    super(sentence);
  }
}
