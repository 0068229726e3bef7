package org.bitnetj.option;

/**
 * How the output head is read when only the best tokens are wanted. All give the same tokens, and
 * the same bits for every logit that is wanted.
 */
public enum HeadMode {
  /**
   * As {@link #SCREENED} for a large head, on kernels that gain by it and a machine with ample
   * memory, else as {@link #FULL}.
   */
  AUTO,
  /**
   * By a low-bit copy of six bits a weight, made when the model is loaded; then the rows that it
   * cannot rule out. Where the head's format gains nothing by it, as {@link #FULL}. A head with a
   * weight that is NaN or infinite is refused while the copy is made, else when such a logit is
   * met.
   */
  SCREENED,
  /** All of it, and no memory for a low-bit copy. */
  FULL
}
