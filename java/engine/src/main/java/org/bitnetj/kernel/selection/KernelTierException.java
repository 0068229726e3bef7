package org.bitnetj.kernel.selection;

/** Kernels were asked for that cannot be used; the message is one sentence for the user. */
public final class KernelTierException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  KernelTierException(String sentence) {
    super(sentence);
  }
}
