package org.bitnetj.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * UTF-8 as the pre-tokenizers read it. Well-formed means Unicode's table 3-7: no overlong forms, no
 * surrogates, nothing above U+10FFFF.
 */
final class Utf8 {
  private static final byte[] REPLACEMENT = {(byte) 0xEF, (byte) 0xBF, (byte) 0xBD};

  private Utf8() {}

  /** The text's bytes; a surrogate without its partner becomes U+FFFD. */
  static byte[] bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return hasLoneSurrogate(text)
        ? withoutLoneSurrogates(text).getBytes(StandardCharsets.UTF_8)
        : bytes;
  }

  private static boolean hasLoneSurrogate(String text) {
    for (int i = 0, n = text.length(); i < n; i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isLowSurrogate(c)
            || i + 1 == n
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return true;
        }
        i++;
      }
    }
    return false;
  }

  private static String withoutLoneSurrogates(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> Character.MIN_SURROGATE <= c && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
        .forEach(out::appendCodePoint);
    return out.toString();
  }

  /** The same array when it is well-formed, else a copy in which each bad byte became U+FFFD. */
  static byte[] wellFormed(byte[] text) {
    int good = 0;
    while (good < text.length) {
      int length = sequenceLength(text, good);
      if (length == 0) {
        break;
      }
      good += length;
    }
    if (good == text.length) {
      return text;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(text.length + 16);
    out.write(text, 0, good);
    while (good < text.length) {
      int length = sequenceLength(text, good);
      if (length == 0) {
        out.writeBytes(REPLACEMENT);
        good++;
      } else {
        out.write(text, good, length);
        good += length;
      }
    }
    return out.toByteArray();
  }

  /** Length of the well-formed sequence at {@code at}, 0 when there is none. */
  private static int sequenceLength(byte[] t, int at) {
    int lead = t[at];
    if (lead >= 0) {
      return 1;
    }
    lead &= 0xFF;
    int length = lead >= 0xC2 && lead < 0xE0 ? 2 : lead < 0xE0 ? 0 : lead < 0xF0 ? 3 : 4;
    if (length == 0 || lead > 0xF4 || at + length > t.length) {
      return 0;
    }
    int second = t[at + 1] & 0xFF;
    int low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    int high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (second < low || second > high) {
      return 0;
    }
    for (int i = 2; i < length; i++) {
      if ((t[at + i] & 0xC0) != 0x80) {
        return 0;
      }
    }
    return length;
  }

  /** Where the white space of {@code t[from, to)} that starts at {@code from} ends. */
  static int skipWhiteSpace(byte[] t, int from, int to) {
    int at = from;
    while (at < to && isWhiteSpace(t, at)) {
      at += length(t[at]);
    }
    return at;
  }

  /** Where the white space of {@code t[from, to)} that ends at {@code to} starts. */
  static int trimWhiteSpace(byte[] t, int from, int to) {
    int end = to;
    while (end > from) {
      int at = end - 1;
      while (at > from && (t[at] & 0xC0) == 0x80) {
        at--;
      }
      if (!isWhiteSpace(t, at) || at + length(t[at]) != end) {
        break;
      }
      end = at;
    }
    return end;
  }

  /**
   * Whether neither the character before {@code t[from, to)} nor the one after it belongs to words:
   * what {@code \w} is in Unicode's regular expressions (UTS #18, annex C).
   */
  static boolean isApart(byte[] t, int from, int to) {
    int before = from - 1;
    while (before > 0 && (t[before] & 0xC0) == 0x80) {
      before--;
    }
    return !(before >= 0 && before + sequenceLength(t, before) == from && isOfWord(t, before))
        && !(to < t.length && isOfWord(t, to));
  }

  private static boolean isOfWord(byte[] t, int at) {
    if (sequenceLength(t, at) == 0) {
      return false;
    }
    int c = codePoint(t, at);
    return Character.isAlphabetic(c)
        || switch (Character.getType(c)) {
          case Character.NON_SPACING_MARK,
              Character.COMBINING_SPACING_MARK,
              Character.ENCLOSING_MARK,
              Character.DECIMAL_DIGIT_NUMBER,
              Character.CONNECTOR_PUNCTUATION ->
              true;
          default -> c == 0x200C || c == 0x200D; // Join_Control
        };
  }

  private static boolean isWhiteSpace(byte[] t, int at) {
    return sequenceLength(t, at) > 0 && Kind.of(codePoint(t, at)) == Kind.SPACE;
  }

  /** How many bytes the character that starts with {@code lead} has, in well-formed text. */
  static int length(byte lead) {
    return lead >= 0 ? 1 : (lead & 0x20) == 0 ? 2 : (lead & 0x10) == 0 ? 3 : 4;
  }

  /** The code point at {@code at} of well-formed text. */
  static int codePoint(byte[] t, int at) {
    int lead = t[at];
    return switch (length(t[at])) {
      case 1 -> lead;
      case 2 -> (lead & 0x1F) << 6 | (t[at + 1] & 0x3F);
      case 3 -> (lead & 0x0F) << 12 | (t[at + 1] & 0x3F) << 6 | (t[at + 2] & 0x3F);
      default ->
          (lead & 0x07) << 18
              | (t[at + 1] & 0x3F) << 12
              | (t[at + 2] & 0x3F) << 6
              | (t[at + 3] & 0x3F);
    };
  }
}
