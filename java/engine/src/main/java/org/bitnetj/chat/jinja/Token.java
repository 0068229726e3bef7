package org.bitnetj.chat.jinja;

/**
 * A piece of a template.
 *
 * @param text of DATA and STRING the characters, of the rest how it is spelled
 */
record Token(Kind kind, String text, int line) {
  enum Kind {
    /** Text between tags. */
    DATA,
    PRINT_START,
    PRINT_END,
    BLOCK_START,
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    REAL,
    OPERATOR,
    /** The end of the template. */
    END
  }

  boolean is(Kind wanted, String spelling) {
    return kind == wanted && text.equals(spelling);
  }
}
