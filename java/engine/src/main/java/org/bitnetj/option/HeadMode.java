package org.bitnetj.option;

/**
 * How the output head is read when only the best tokens are needed. All give the same tokens, and
 * the same bits for every logit that is needed.
 */
public enum HeadMode {
  /**
   * Like {@link #SCREENED} for a large head, on kernels that are faster with it and a machine with
   * ample memory, else like {@link #FULL}.
   */
  AUTO,
  /**
   * By a low-bit copy of six bits a weight, made when the model is loaded; then the rows that it
   * cannot rule out. Where the head's format gains nothing by it, like {@link #FULL}. A head with a
   * weight that is NaN or infinite is refused while the copy is made, else when such a logit is
   * met.
   */
  SCREENED,
  /** The whole head, without memory for a low-bit copy. */
  FULL
}
