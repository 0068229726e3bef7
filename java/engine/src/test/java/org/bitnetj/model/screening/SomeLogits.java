package org.bitnetj.model.screening;

/** Rows of which only some logits are computed. */
public final class SomeLogits {
  private SomeLogits() {}

  /**
   * @param tokens in rising order
   */
  public static ComputedLogits of(int... tokens) {
    ComputedLogits computed = new ComputedLogits();
    computed.clear();
    for (int token : tokens) {
      computed.append(token);
    }
    return computed;
  }
}
