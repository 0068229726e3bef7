package org.bitnetj.constraint.pushdown;

import java.util.List;
import org.bitnetj.constraint.automaton.ByteDfa;
import org.bitnetj.constraint.automaton.CharDfa;
import org.bitnetj.constraint.automaton.PatternNfa;
import org.bitnetj.constraint.automaton.StringSpelling;

/**
 * JSON's marks and the white space around them: one space, or after a bracket or comma and before a
 * closing bracket a new line with up to 32 characters of indentation. More has no meaning, and weak
 * models do not find out of it.
 */
final class Layout {
  /** The labels of {@link #separator}. */
  static final int COMMA = 0;

  static final int CLOSE = 1;

  private static final String BREAK = "( |\\n[ \\t]{0,32})?";

  static final ByteDfa OPEN_ARRAY = spelled("\\[" + BREAK);
  static final ByteDfa OPEN_OBJECT = spelled("\\{" + BREAK);
  static final ByteDfa CLOSE_ARRAY = spelled("]");
  static final ByteDfa CLOSE_OBJECT = spelled("}");
  static final ByteDfa COLON = spelled(" ?: ?");
  private static final ByteDfa ONLY_COMMA = spelled(" ?," + BREAK);
  private static final ByteDfa[] AFTER_ITEM = separators(']');
  private static final ByteDfa[] AFTER_MEMBER = separators('}');

  private Layout() {}

  /** What follows an item or member: a comma, a closing bracket, or either. */
  static ByteDfa separator(boolean inObject, boolean comma, boolean close) {
    ByteDfa[] separators = inObject ? AFTER_MEMBER : AFTER_ITEM;
    return !close ? ONLY_COMMA : separators[comma ? 1 : 0];
  }

  private static ByteDfa[] separators(char bracket) {
    CharDfa comma = PatternNfa.compile(" ?," + BREAK, false);
    CharDfa close = PatternNfa.compile(BREAK + bracket, false);
    CharDfa either =
        CharDfa.product(
            List.of(comma, close), labels -> labels[0] >= 0 ? COMMA : labels[1] >= 0 ? CLOSE : -1);
    CharDfa alone = CharDfa.product(List.of(close), labels -> labels[0] >= 0 ? CLOSE : -1);
    return new ByteDfa[] {
      StringSpelling.utf8(alone).common(), StringSpelling.utf8(either).common()
    };
  }

  private static ByteDfa spelled(String pattern) {
    return StringSpelling.utf8(PatternNfa.compile(pattern, false)).common();
  }
}
