package org.bitnetj.chat.reply;

/**
 * Whether a text of calls is within a string, character by character: what looks like a mark there
 * is none. It knows of the text no more than its strings. Not thread-safe.
 */
final class Quotation {
  private enum State {
    OUTSIDE,
    /** After the first quote of a string of Python. */
    OPENED,
    /** After two, which are an empty string or begin three. */
    EMPTY,
    INSIDE,
    ESCAPED,
    /** After an escaped carriage return of Python, which a line feed belongs to. */
    CONTINUED
  }

  private final boolean python;
  private State state = State.OUTSIDE;
  private boolean broken;
  private int at; // what comes next of the text
  private char quote;

  /** How many quotes end the string. */
  private int needed;

  /** How many of them have come. */
  private int closing;

  private Quotation(boolean python, int from) {
    this.python = python;
    this.at = from;
  }

  /** For strings as JSON writes them, from a place of the text on. */
  static Quotation ofJson(int from) {
    return new Quotation(false, from);
  }

  /** For strings as {@link PythonScanner} reads them, from a place of the text on. */
  static Quotation ofPython(int from) {
    return new Quotation(true, from);
  }

  /** Reads a text that is longer than before. */
  void read(CharSequence text, int to) {
    for (; at < to; at++) {
      step(text.charAt(at));
    }
  }

  /** Whether the text so far ends within a string. */
  boolean isOpen() {
    return !broken && state != State.OUTSIDE && state != State.EMPTY;
  }

  /** Whether the text cannot become right, whatever follows. */
  boolean isBroken() {
    return broken;
  }

  private void step(char c) {
    switch (state) {
      case OUTSIDE -> outside(c);
      case OPENED -> {
        state = c == quote ? State.EMPTY : State.INSIDE;
        if (state == State.INSIDE) {
          inside(c);
        }
      }
      case EMPTY -> {
        state = c == quote ? State.INSIDE : State.OUTSIDE;
        needed = 3;
        if (state == State.OUTSIDE) {
          outside(c);
        }
      }
      case INSIDE -> inside(c);
      case ESCAPED -> state = python && c == '\r' ? State.CONTINUED : State.INSIDE;
      case CONTINUED -> {
        state = State.INSIDE;
        if (c != '\n') {
          inside(c);
        }
      }
    }
  }

  private void outside(char c) {
    if (c == '"' || python && c == '\'') {
      quote = c;
      needed = 1;
      closing = 0;
      state = python ? State.OPENED : State.INSIDE;
    } else {
      broken |= c == '\\';
    }
  }

  private void inside(char c) {
    if (c == quote) {
      closing++;
      state = closing == needed ? State.OUTSIDE : State.INSIDE;
      return;
    }
    closing = 0;
    if (c == '\\') {
      state = State.ESCAPED;
    } else if (python) {
      broken |= needed == 1 && PythonScanner.isLineBreak(c);
    } else {
      broken |= c < ' ';
    }
  }
}
