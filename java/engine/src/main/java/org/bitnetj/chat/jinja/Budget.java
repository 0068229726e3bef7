package org.bitnetj.chat.jinja;

/**
 * What a render may still cost. Every evaluation, list element, scan of a string and new string is
 * charged here before it takes time or memory. Charges also check the clock and the thread's
 * interrupt status, which stays set. Not thread-safe.
 */
final class Budget {
  /**
   * Statements, expressions, macro calls and values inside each other. Keeps a render within 400
   * KiB of the thread's stack, since what a {@link StackOverflowError} interrupts may be broken
   * after.
   */
  static final int MAX_DEPTH = 300;

  /** A scan of this many characters takes at most about the time of one step. */
  private static final int CHARACTERS_PER_STEP = 64;

  private static final int CHARGES_PER_CLOCK_CHECK = 64;

  private final long deadline;
  private long steps;
  private long characters;
  private int depth;
  private int charges;

  /**
   * @param steps evaluations and visits of list elements
   * @param characters total length of the strings that the render makes
   * @param nanos time in nanoseconds; {@code Long.MAX_VALUE} means unlimited
   */
  Budget(long steps, long characters, long nanos) {
    this.steps = steps;
    this.characters = characters;
    this.deadline = System.nanoTime() + nanos;
  }

  void step() {
    steps(1);
  }

  void steps(long count) {
    steps -= count;
    if (steps < 0) {
      throw new JinjaException("The template takes too many steps to render.");
    }
    if (Thread.currentThread().isInterrupted()) {
      throw JinjaException.interrupted();
    }
    if (++charges % CHARGES_PER_CLOCK_CHECK == 0 && deadline - System.nanoTime() < 0) {
      throw new JinjaException("The template takes too long to render.");
    }
  }

  /** Charges a new string of {@code count} characters. */
  void characters(long count) {
    characters -= count;
    if (characters < 0) {
      throw new JinjaException("The template makes too much text.");
    }
    steps(count / CHARACTERS_PER_STEP);
  }

  /** Charges one pass over {@code length} characters. */
  void scan(long length) {
    search(length, 1);
  }

  /** Charges a search for {@code part} characters in {@code text} characters, both below 2³¹. */
  void search(long text, long part) {
    steps(1 + text * Math.max(1, part) / CHARACTERS_PER_STEP);
  }

  /** Charges a step one level deeper, up to {@link #leave}. */
  void enter() {
    if (++depth > MAX_DEPTH) {
      throw new JinjaException("The template nests more than " + MAX_DEPTH + " deep.");
    }
    step();
  }

  void leave() {
    depth--;
  }
}
