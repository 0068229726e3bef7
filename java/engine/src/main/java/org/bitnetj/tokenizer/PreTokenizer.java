package org.bitnetj.tokenizer;

import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Cuts text into the words that BPE merges within. Each kind is a scanner that yields what the
 * published regular expressions match, in one pass without backtracking. Letters are Unicode
 * categories L*, marks M*, numbers N*, punctuation P* and S*, white space the White_Space property,
 * as the expressions' {@code \p{L}}, {@code \p{M}}, {@code \p{N}}, {@code [\p{P}\p{S}]} and {@code
 * \s} mean.
 */
enum PreTokenizer {
  /** {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+} */
  GPT2(Integer.MAX_VALUE, Kind.OTHER, Kind.OTHER),
  /**
   * {@code (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
   * ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+}
   */
  LLAMA3(3, Kind.OTHER, Kind.OTHER),
  /** As {@link #LLAMA3}, but every digit is a word. */
  QWEN2(1, Kind.OTHER, Kind.OTHER),
  /** As {@link #QWEN2}, but marks are like letters: {@code [\p{L}\p{M}]}. */
  QWEN35(1, Kind.LETTER, Kind.OTHER),
  /**
   * Three expressions, each within the pieces that those before it have cut: {@code \p{N}{1,3}};
   * runs of {@link #isHanOrKana}; and {@code [!-/:-@\[-`{-~][A-Za-z]+|
   * [^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+}. What
   * is between two matches is a piece too.
   */
  DEEPSEEK3(3, Kind.LETTER, Kind.PUNCTUATION);

  /** What files call them. */
  static final SortedMap<String, PreTokenizer> NAMES = new TreeMap<>();

  private static final byte[] ASCII = new byte[128];

  static {
    for (int c = 0; c < 128; c++) {
      ASCII[c] = (byte) kindOf(c);
    }
  }

  static {
    name(GPT2, "gpt-2", "phi-2");
    name(LLAMA3, "llama-bpe", "llama3", "llama-v3", "falcon3", "smaug-bpe");
    name(QWEN2, "qwen2", "deepseek-r1-qwen", "hunyuan");
    name(QWEN35, "qwen35");
    name(DEEPSEEK3, "deepseek-v3", "hunyuan-dense");
  }

  private static void name(PreTokenizer scanner, String... names) {
    for (String name : names) {
      NAMES.put(name, scanner);
    }
  }

  private final int digits;
  private final int[] kinds; // what the scanner takes each kind of character for

  /**
   * @param digits most numbers of a word
   * @param mark what marks are taken for
   * @param punctuation what punctuation is taken for
   */
  PreTokenizer(int digits, int mark, int punctuation) {
    this.digits = digits;
    this.kinds = new int[] {Kind.OTHER, Kind.LETTER, Kind.NUMBER, Kind.SPACE, mark, punctuation};
  }

  /** Kinds of characters. */
  private static final class Kind {
    static final int OTHER = 0;
    static final int LETTER = 1;
    static final int NUMBER = 2;
    static final int SPACE = 3;
    static final int MARK = 4;
    static final int PUNCTUATION = 5;

    /** Added to the others. */
    static final int HAN_OR_KANA = 8;
  }

  /** The scanner that a file calls {@code name} in {@code tokenizer.ggml.pre}. */
  static Optional<PreTokenizer> named(String name) {
    return Optional.ofNullable(NAMES.get(name));
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
    return switch (this) {
      case GPT2 -> nextGpt2(t, at, end);
      case LLAMA3, QWEN2, QWEN35 -> nextLlama3(t, at, end);
      case DEEPSEEK3 -> nextDeepSeek3(t, at, end);
    };
  }

  private int nextGpt2(byte[] t, int at, int end) {
    int c = t[at];
    if (c == '\'') {
      int contraction = contraction(t, at, end, 0);
      if (contraction > 0) {
        return at + contraction;
      }
    }
    int word = c == ' ' && at + 1 < end ? at + 1 : at;
    int kind = kind(t, word);
    if (kind != Kind.SPACE) {
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
    if (kind == Kind.LETTER) {
      return run(t, after, end, Kind.LETTER);
    }
    if (kind == Kind.NUMBER) {
      return numbers(t, at, end);
    }
    if (c != '\r' && c != '\n' && after < end && kind(t, after) == Kind.LETTER) {
      return run(t, after, end, Kind.LETTER);
    }
    int word = c == ' ' ? after : at;
    if (word < end && kind(t, word) == Kind.OTHER) {
      return newlines(t, run(t, word, end, Kind.OTHER), end);
    }
    return newlinesOrSpaces(t, at, end);
  }

  private int nextDeepSeek3(byte[] t, int at, int end) {
    int c = t[at];
    int kind = kind(t, at);
    if (kind == Kind.NUMBER) {
      return numbers(t, at, end);
    }
    int script = kind & Kind.HAN_OR_KANA; // the other's characters end the text
    int letter = Kind.LETTER | script;
    int punctuation = Kind.PUNCTUATION | script;
    if (kind == letter) {
      return run(t, at, end, letter);
    }
    int after = at + Utf8.length(t[at]);
    if (kind == punctuation && c > 0 && after < end && isAsciiLetter(t[after])) {
      while (after < end && isAsciiLetter(t[after])) {
        after++;
      }
      return after;
    }
    boolean canLead = kind != punctuation && c != '\r' && c != '\n';
    if (canLead && after < end && kind(t, after) == letter) {
      return run(t, after, end, letter);
    }
    int word = c == ' ' ? after : at;
    if (word < end && kind(t, word) == punctuation) {
      int last = run(t, word, end, punctuation);
      return script == 0 ? newlines(t, last, end) : last;
    }
    if (kind == Kind.SPACE) {
      return newlinesOrSpaces(t, at, end);
    }
    while (after < end && kind(t, after) == kind) { // which nothing matches
      int next = after + Utf8.length(t[after]);
      if (next < end && kind(t, next) == letter) {
        break;
      }
      after = next;
    }
    return after;
  }

  private static boolean isAsciiLetter(int c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  }

  private int numbers(byte[] t, int at, int end) {
    int p = at;
    for (int n = 0; n < digits && p < end && kind(t, p) == Kind.NUMBER; n++) {
      p += Utf8.length(t[p]);
    }
    return p;
  }

  /** End of the run of characters of one kind. */
  private int run(byte[] t, int at, int end, int kind) {
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

  /** {@code \s*[\r\n]+}, or {@link #spaces} where there is no line break. */
  private int newlinesOrSpaces(byte[] t, int at, int end) {
    int lastNewline = at;
    int p = at;
    while (p < end && kind(t, p) == Kind.SPACE) {
      if (t[p] == '\r' || t[p] == '\n') {
        lastNewline = p + 1;
      }
      p += Utf8.length(t[p]);
    }
    return lastNewline > at ? lastNewline : spaces(t, at, end);
  }

  /**
   * {@code \s+(?!\S)|\s+}: white space up to the end of the text, else all but its last character,
   * which belongs to the word after it; a single one is a piece of its own. What an earlier
   * expression has matched ends the text too.
   */
  private int spaces(byte[] t, int at, int end) {
    int p = at;
    int last = at;
    while (p < end && kind(t, p) == Kind.SPACE) {
      last = p;
      p += Utf8.length(t[p]);
    }
    boolean atEnd =
        p == end
            || this == DEEPSEEK3
                && (kind(t, p) == Kind.NUMBER || (kind(t, p) & Kind.HAN_OR_KANA) != 0);
    return !atEnd && last > at ? last : p;
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

  private int kind(byte[] t, int at) {
    int lead = t[at];
    if (lead >= 0) {
      return kinds[ASCII[lead]];
    }
    int c = Utf8.codePoint(t, at);
    int kind = kinds[kindOf(c)];
    return this == DEEPSEEK3 && isHanOrKana(c) ? kind | Kind.HAN_OR_KANA : kind;
  }

  /** The ranges that the expression of DeepSeek V3 names. */
  private static boolean isHanOrKana(int c) {
    return c >= 0x4E00 && c <= 0x9FA5 || c >= 0x3040 && c <= 0x30FF;
  }

  private static int kindOf(int codePoint) {
    if (isWhiteSpace(codePoint)) {
      return Kind.SPACE;
    }
    return switch (Character.getType(codePoint)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER ->
          Kind.LETTER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          Kind.NUMBER;
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK ->
          Kind.MARK;
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION,
          Character.MATH_SYMBOL,
          Character.CURRENCY_SYMBOL,
          Character.MODIFIER_SYMBOL,
          Character.OTHER_SYMBOL ->
          Kind.PUNCTUATION;
      default -> Kind.OTHER;
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
