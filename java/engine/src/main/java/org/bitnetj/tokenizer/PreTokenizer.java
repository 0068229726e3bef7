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
  DEEPSEEK3(3, Kind.LETTER, Kind.PUNCTUATION),
  /**
   * Runs of punctuation ({@code \p{P}} and {@code $+<=>^`|~}), then the expression of {@link #GPT2}
   * within what is between them, then {@code [0-9][0-9][0-9]} within that, as llama.cpp has it.
   */
  FALCON(3, false),
  /** As {@link #FALCON}, but every ASCII digit is a word. */
  FALCON_E(1, false),
  /**
   * As {@link #FALCON}, with a step of Hugging Face's before the digits: {@code Digits} splits off
   * runs of numbers. It comes after {@code ByteLevel} has written each byte as a character, six of
   * which (² ³ ¹ ¼ ½ ¾) are numbers too, so it cuts within the characters that have such bytes.
   */
  FALCON_DIGITS(3, true),
  /** As {@link #FALCON_DIGITS}, but every ASCII digit is a word. */
  FALCON_E_DIGITS(1, true);

  /** What files call them. */
  static final SortedMap<String, PreTokenizer> NAMES = new TreeMap<>();

  static {
    name(GPT2, "gpt-2", "phi-2");
    name(LLAMA3, "llama-bpe", "llama3", "llama-v3", "falcon3", "smaug-bpe");
    name(QWEN2, "qwen2", "deepseek-r1-qwen", "hunyuan");
    name(QWEN35, "qwen35");
    name(DEEPSEEK3, "deepseek-v3", "hunyuan-dense");
    name(FALCON, "falcon");
    name(FALCON_E, "falcon_e");
    name(FALCON_DIGITS, "falcon-digits"); // these two occur in tokenizer.json only
    name(FALCON_E_DIGITS, "falcon_e-digits");
  }

  private static void name(PreTokenizer scanner, String... names) {
    for (String name : names) {
      NAMES.put(name, scanner);
    }
  }

  private final int digits;
  private final boolean falcon;
  private final boolean splitsNumbers; // from the rest of a word, byte by byte
  private final int[] kinds; // what the scanner takes each kind of character for

  /**
   * @param digits most numbers of a word
   * @param mark what marks are taken for
   * @param punctuation what punctuation is taken for
   */
  PreTokenizer(int digits, int mark, int punctuation) {
    this.digits = digits;
    this.falcon = false;
    this.splitsNumbers = false;
    this.kinds =
        new int[] {
          Kind.OTHER, Kind.LETTER, Kind.NUMBER, Kind.SPACE, mark, punctuation, punctuation
        };
  }

  /**
   * One of Falcon's.
   *
   * @param digits ASCII digits that are split off together
   * @param splitsNumbers whether {@code Digits} comes before
   */
  PreTokenizer(int digits, boolean splitsNumbers) {
    this.digits = digits;
    this.falcon = true;
    this.splitsNumbers = splitsNumbers;
    this.kinds =
        new int[] {
          Kind.OTHER, Kind.LETTER, Kind.NUMBER, Kind.SPACE, Kind.OTHER, Kind.PUNCTUATION, Kind.OTHER
        };
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
      case FALCON, FALCON_E, FALCON_DIGITS, FALCON_E_DIGITS -> nextFalcon(t, at, end);
    };
  }

  /**
   * Where the part that starts at {@code at} of a word ends. Words have one part, but for Falcon's,
   * from which digits are split off, byte by byte.
   *
   * @param at start of a part
   * @param end where the word ends
   * @return above {@code at}, at most {@code end}
   */
  int nextPart(byte[] t, int at, int end) {
    if (!falcon) {
      return end;
    }
    int run = end;
    if (splitsNumbers) {
      run = at + 1;
      while (run < end && isNumber(t[run]) == isNumber(t[at])) {
        run++;
      }
    }
    int from = at;
    int p = at;
    while (p < run && p - from < digits) {
      if (!isDigit(t[p++])) {
        from = p;
      }
    }
    return p - from < digits ? run : from > at ? from : p;
  }

  private static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }

  /** Whether GPT-2's character for a byte is a number. */
  private static boolean isNumber(byte b) {
    return isDigit(b)
        || switch (b & 0xFF) {
          case 0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE -> true;
          default -> false;
        };
  }

  private int nextFalcon(byte[] t, int at, int end) {
    if (kind(t, at) == Kind.PUNCTUATION) {
      return run(t, at, end, Kind.PUNCTUATION);
    }
    boolean single = t[at] == ' ' && at + 1 < end && kind(t, at + 1) == Kind.PUNCTUATION;
    return single ? at + 1 : nextGpt2(t, at, end); // without contractions: ' is punctuation
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
            || falcon && kind(t, p) == Kind.PUNCTUATION
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
      return kinds[Kind.ofAscii(lead)];
    }
    int c = Utf8.codePoint(t, at);
    int kind = kinds[Kind.of(c)];
    return this == DEEPSEEK3 && isHanOrKana(c) ? kind | Kind.HAN_OR_KANA : kind;
  }

  /** The ranges that the expression of DeepSeek V3 names. */
  private static boolean isHanOrKana(int c) {
    return c >= 0x4E00 && c <= 0x9FA5 || c >= 0x3040 && c <= 0x30FF;
  }
}
