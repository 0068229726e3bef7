package org.bitnetj.model.screening;

/** A need of the hidden state that logits are computed of, and of no logit. */
enum HiddenState implements LogitsNeed {
  NEED;

  @Override
  public boolean isHiddenState() {
    return true;
  }

  @Override
  public boolean isAll() {
    return true; // nothing can be left out by candidates
  }

  @Override
  public int count(int rows) {
    return rows;
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
