package org.bitnetj.chat.jinja;

/**
 * A template that cannot be read, or cannot be rendered with these values. The message is a
 * sentence and names the line of the template where it can.
 */
public final class JinjaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean raised;

  JinjaException(String sentence) {
    this(sentence, false);
  }

  private JinjaException(String sentence, boolean raised) {
    super(sentence);
    this.raised = raised;
  }

  static JinjaException at(int line, String what) {
    return new JinjaException("Line " + line + " of the template: " + what + ".");
  }

  /** What the template itself says by {@code raise_exception}. */
  static JinjaException raised(String message) {
    return new JinjaException(message, true);
  }

  /** True when the template refused the values by {@code raise_exception}, in its own words. */
  public boolean isRaisedByTemplate() {
    return raised;
  }
}
