package org.bitnetj.chat.jinja;

/** What a render may still cost. Not thread-safe. */
final class Budget {
  private long steps;
  private long characters;

  /**
   * @param steps evaluations and list elements
   * @param characters of all strings that are made on the way
   */
  Budget(long steps, long characters) {
    this.steps = steps;
    this.characters = characters;
  }

  void step() {
    steps(1);
  }

  void steps(long count) {
    steps -= count;
    if (steps < 0) {
      throw new JinjaException("The template takes too many steps to render.");
    }
  }

  /** A search for {@code part} characters in {@code text}, or any other walk over both. */
  void search(long text, long part) {
    steps(1 + text * Math.max(1, part) / 256);
  }

  void characters(long count) {
    characters -= count;
    if (characters < 0) {
      throw new JinjaException("The template makes too much text.");
    }
  }
}
