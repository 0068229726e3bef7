package org.bitnetj.error;

/** The requested kernels cannot be used; the message is one sentence for the user. */
public final class KernelTierException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public KernelTierException(String sentence) {
    super(sentence);
  }
}
