package org.bitnetj.cli;

/**
 * How a message of several lines is typed: a line that ends in a backslash continues on the next
 * one, and everything between a line that starts with {@code """} and the next {@code """} at the
 * end of a line belongs together.
 */
final class MessageSyntax {
  private static final String BLOCK = "\"\"\"";
  private static final String CONTINUED = "\\";

  private MessageSyntax() {}

  /** Whether {@code typed}, its lines separated by line feeds, is a whole message. */
  static boolean isComplete(String typed) {
    return isBlock(typed) ? endsBlock(typed) : !typed.endsWith(CONTINUED);
  }

  private static boolean isBlock(String typed) {
    return typed.stripLeading().startsWith(BLOCK);
  }

  private static boolean endsBlock(String typed) {
    String stripped = typed.strip();
    return stripped.length() >= 2 * BLOCK.length() && stripped.endsWith(BLOCK);
  }

  /** The message meant by {@code typed}; what is missing at the end of input is forgiven. */
  static String message(String typed) {
    if (!isBlock(typed)) {
      String joined = typed.replace(CONTINUED + "\n", "\n");
      return (joined.endsWith(CONTINUED) ? joined.substring(0, joined.length() - 1) : joined)
          .strip();
    }
    String inside = typed.strip().substring(BLOCK.length());
    if (endsBlock(typed)) {
      inside = inside.substring(0, inside.length() - BLOCK.length());
    }
    return inside.strip();
  }
}
