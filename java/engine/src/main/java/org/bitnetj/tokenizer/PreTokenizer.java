package org.bitnetj.tokenizer;

import java.util.Optional;

/**
 * Cuts text into the words that BPE merges within. Each kind is a scanner that yields what the
 * published regular expression matches, in one pass without backtracking. Letters are Unicode
 * categories L*, numbers N*, white space the White_Space property, as the expressions' {@code
 * \p{L}}, {@code \p{N}} and {@code \s} mean.
 */
enum PreTokenizer {
  /** {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+} */
  GPT2(Integer.MAX_VALUE),
  /**
   * {@code (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
   * ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+}
   */
  LLAMA3(3),
  /** As {@link #LLAMA3}, but every digit is a word. */
  QWEN2(1);

  private static final int OTHER = 0;
  private static final int LETTER = 1;
  private static final int NUMBER = 2;
  private static final int SPACE = 3;

  private static final byte[] ASCII = new byte[128];

  static {
    for (int c = 0; c < 128; c++) {
      ASCII[c] = (byte) kindOf(c);
    }
  }

  private final int digits;

  PreTokenizer(int digits) {
    this.digits = digits;
  }

  /** The scanner that a file calls {@code name} in {@code tokenizer.ggml.pre}. */
  static Optional<PreTokenizer> named(String name) {
    return Optional.ofNullable(
        switch (name) {
          case "gpt-2", "phi-2" -> GPT2;
          case "llama-bpe", "llama3", "llama-v3", "falcon3", "smaug-bpe" -> LLAMA3;
          case "qwen2", "deepseek-r1-qwen" -> QWEN2;
          default -> null;
        });
  }

  /**
   * Where the word that starts at {@code at} ends.
   *
   * @param t well-formed UTF-8
   * @param at start of a character, below {@code end}
   * @param end where the text ends
   * @return above {@code at}, at most {@code end}
   */
  int next(byte[] t, int at, int end) {
    return this == GPT2 ? nextGpt2(t, at, end) : nextLlama3(t, at, end);
  }

  private static int nextGpt2(byte[] t, int at, int end) {
    int c = t[at];
    if (c == '\'') {
      int contraction = contraction(t, at, end, 0);
      if (contraction > 0) {
        return at + contraction;
      }
    }
    int word = c == ' ' && at + 1 < end ? at + 1 : at;
    int kind = kind(t, word);
    if (kind != SPACE) {
      return run(t, word, end, kind);
    }
    return spaces(t, at, end);
  }

  private int nextLlama3(byte[] t, int at, int end) {
    int c = t[at];
    if (c == '\'') {
      int contraction = contraction(t, at, end, 0x20);
      if (contraction > 0) {
        return at + contraction;
      }
    }
    int kind = kind(t, at);
    int after = at + Utf8.length(t[at]);
    if (kind == LETTER) {
      return run(t, after, end, LETTER);
    }
    if (kind == NUMBER) {
      for (int n = 1; n < digits && after < end && kind(t, after) == NUMBER; n++) {
        after += Utf8.length(t[after]);
      }
      return after;
    }
    if (c != '\r' && c != '\n' && after < end && kind(t, after) == LETTER) {
      return run(t, after, end, LETTER);
    }
    int word = c == ' ' ? after : at;
    if (word < end && kind(t, word) == OTHER) {
      return newlines(t, run(t, word, end, OTHER), end);
    }
    int lastNewline = at;
    int p = at;
    while (p < end && kind(t, p) == SPACE) {
      if (t[p] == '\r' || t[p] == '\n') {
        lastNewline = p + 1;
      }
      p += Utf8.length(t[p]);
    }
    return lastNewline > at ? lastNewline : spaces(t, at, end);
  }

  /** End of the run of characters of one kind. */
  private static int run(byte[] t, int at, int end, int kind) {
    int p = at;
    while (p < end && kind(t, p) == kind) {
      p += Utf8.length(t[p]);
    }
    return p;
  }

  private static int newlines(byte[] t, int at, int end) {
    int p = at;
    while (p < end && (t[p] == '\r' || t[p] == '\n')) {
      p++;
    }
    return p;
  }

  /**
   * {@code \s+(?!\S)|\s+}: white space up to the end of the text, else all but its last character,
   * which belongs to the word after it; a single one is a piece of its own.
   */
  private static int spaces(byte[] t, int at, int end) {
    int p = at;
    int last = at;
    while (p < end && kind(t, p) == SPACE) {
      last = p;
      p += Utf8.length(t[p]);
    }
    return p < end && last > at ? last : p;
  }

  /** Length of the contraction at an apostrophe, 0 for none; {@code fold} 0x20 ignores case. */
  private static int contraction(byte[] t, int at, int end, int fold) {
    if (at + 1 >= end) {
      return 0;
    }
    int first = t[at + 1] | fold;
    if (first == 's' || first == 't' || first == 'm' || first == 'd') {
      return 2;
    }
    if (at + 2 >= end) {
      return 0;
    }
    int second = t[at + 2] | fold;
    boolean three =
        (first == 'r' && second == 'e')
            || (first == 'v' && second == 'e')
            || (first == 'l' && second == 'l');
    return three ? 3 : 0;
  }

  private static int kind(byte[] t, int at) {
    int lead = t[at];
    return lead >= 0 ? ASCII[lead] : kindOf(Utf8.codePoint(t, at));
  }

  private static int kindOf(int codePoint) {
    if (isWhiteSpace(codePoint)) {
      return SPACE;
    }
    return switch (Character.getType(codePoint)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER ->
          LETTER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          NUMBER;
      default -> OTHER;
    };
  }

  /** Unicode's White_Space property (PropList.txt), which {@code \s} means. */
  private static boolean isWhiteSpace(int c) {
    if (c < 0x80) {
      return c == ' ' || (c >= 0x09 && c <= 0x0D);
    }
    return c == 0x85
        || c == 0xA0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200A)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }
}
