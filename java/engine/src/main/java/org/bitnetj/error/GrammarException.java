package org.bitnetj.error;

/**
 * A grammar or JSON Schema that output cannot be held to: malformed, not supported, too large, or
 * without a text that it allows. The message is a sentence that names the keyword and its JSON
 * pointer.
 */
public final class GrammarException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /**
   * An exception with a message for people.
   *
   * @param sentence what is wrong, where, and what to do
   */
  public GrammarException(String sentence) {
    super(sentence);
  }
}
