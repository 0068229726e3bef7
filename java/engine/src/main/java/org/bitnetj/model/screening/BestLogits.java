package org.bitnetj.model.screening;

/**
 * A need of the best logits and no others.
 *
 * @param count how many; 0 for all
 */
record BestLogits(int count) implements LogitsNeed {
  @Override
  public boolean isAll() {
    return count == 0;
  }

  @Override
  public int count(int rows) {
    return count;
  }

  @Override
  public int tokens() {
    return 0;
  }

  @Override
  public int token(int i) {
    throw new IndexOutOfBoundsException(i);
  }
}
