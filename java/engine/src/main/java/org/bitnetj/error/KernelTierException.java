package org.bitnetj.error;

/** The requested kernels cannot be used; the message is one sentence for the user. */
public final class KernelTierException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * An exception with a message for people.
   *
   * @param sentence what is wrong, where, and what to do
   */
  public KernelTierException(String sentence) {
    super(sentence);
  }
}
