package org.bitnetj.chat.jinja;

/**
 * A template that cannot be read, or cannot be rendered with these values. The message is a
 * sentence that names the line of the template where possible.
 */
public final class JinjaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Characters of what is wrong that a message shows; a template's names may be longer. */
  private static final int MAX_SHOWN = 400;

  private enum Kind {
    FAILURE,
    REFUSAL,
    INTERRUPTION
  }

  private final Kind kind;

  JinjaException(String sentence) {
    this(sentence, Kind.FAILURE);
  }

  private JinjaException(String sentence, Kind kind) {
    super(sentence);
    this.kind = kind;
  }

  static JinjaException at(int line, String what) {
    return new JinjaException("Line " + line + " of the template: " + shortened(what) + ".");
  }

  /** Without its middle if it is long: the reason may be at either end. */
  private static String shortened(String what) {
    if (what.length() <= MAX_SHOWN) {
      return what;
    }
    int half = MAX_SHOWN / 2;
    int head = Character.isHighSurrogate(what.charAt(half - 1)) ? half - 1 : half;
    int tail = what.length() - half;
    tail = Character.isLowSurrogate(what.charAt(tail)) ? tail + 1 : tail;
    return what.substring(0, head) + "…" + what.substring(tail);
  }

  /** The template refused the values by {@code raise_exception}. */
  static JinjaException raised(String message) {
    return new JinjaException(message, Kind.REFUSAL);
  }

  /** The thread was interrupted. */
  static JinjaException interrupted() {
    return new JinjaException("Rendering the template was interrupted.", Kind.INTERRUPTION);
  }

  /** True when the template refused the values by {@code raise_exception}, in its own words. */
  public boolean isRaisedByTemplate() {
    return kind == Kind.REFUSAL;
  }

  /** True when the thread was interrupted; the template may be fine. */
  public boolean isInterruption() {
    return kind == Kind.INTERRUPTION;
  }
}
