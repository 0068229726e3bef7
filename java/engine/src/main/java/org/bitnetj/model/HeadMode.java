package org.bitnetj.model;

/**
 * How the output head is read when only the best tokens are wanted. Both give the same tokens, and
 * the same bits for every logit that is wanted.
 */
public enum HeadMode {
  /**
   * By a sketch of six bits a weight, made when the model is loaded; then the rows that it cannot
   * rule out. Where the kernels or the head's format gain nothing by it, as {@link #FULL}.
   */
  SHORTLIST,
  /** All of it, and no memory for a sketch. */
  FULL
}
