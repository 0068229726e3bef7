package org.bitnetj.chat.jinja;

import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * Upper and lower case as in Python, with Unicode's full mappings: {@code ß} becomes {@code SS}.
 * Maps character by character, in time linear in the text, unlike {@link String#toUpperCase()} on
 * texts that grow.
 */
final class Casing {
  private static final int CAPITAL_SIGMA = 0x3a3;
  private static final int FINAL_SIGMA = 0x3c2;
  private static final int CAPITAL_DOTTED_I = 0x130;

  /** Characters with Unicode's property Case_Ignorable outside of the categories that have it. */
  private static final String IGNORED_MARKS =
      "'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a";

  private Casing() {}

  /** Applies one of the mappings below. The result is trusted if all of the text is. */
  static Text map(Text text, UnaryOperator<String> mapping, Budget budget) {
    // No mapping makes more than three characters of one.
    budget.characters(3L * text.length());
    return Text.of(mapping.apply(text.chars()), text.isTrusted());
  }

  static String upper(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().forEach(c -> upper(c, out));
    return out.toString();
  }

  static String lower(String text) {
    StringBuilder out = new StringBuilder(text.length());
    lower(text, 0, out);
    return out.toString();
  }

  /** As {@code str.capitalize}: the first character in title case, the rest in lower case. */
  static String capitalized(String text) {
    StringBuilder out = new StringBuilder(text.length());
    if (!text.isEmpty()) {
      title(text.codePointAt(0), out);
      lower(text, text.offsetByCodePoints(0, 1), out);
    }
    return out.toString();
  }

  /** As {@code str.title}: title case after each character without case, else lower case. */
  static String titled(String text) {
    StringBuilder out = new StringBuilder(text.length());
    boolean inWord = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      if (inWord) {
        lowerAt(text, i, out);
      } else {
        title(c, out);
      }
      inWord = isCased(c);
      i += Character.charCount(c);
    }
    return out.toString();
  }

  /** As Jinja's filter {@code title}: words begin after white space, hyphens and brackets. */
  static String titledWords(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int from = 0; from < text.length(); ) {
      int second = text.offsetByCodePoints(from, 1);
      int to = second;
      boolean separators = isSeparator(text.charAt(from));
      while (to < text.length() && isSeparator(text.charAt(to)) == separators) {
        to++;
      }
      upper(text.codePointAt(from), out);
      lower(text.substring(second, to), 0, out);
      from = to;
    }
    return out.toString();
  }

  private static boolean isSeparator(char c) {
    return Text.isSpace(c) || "-({[<".indexOf(c) >= 0;
  }

  /** As {@code str.isupper} or {@code str.islower}: all characters with case, at least one. */
  static boolean isAll(String text, boolean upper) {
    boolean cased = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      if (upper ? Character.isUpperCase(c) : Character.isLowerCase(c)) {
        cased = true;
      } else if (isCased(c)) {
        return false;
      }
      i += Character.charCount(c);
    }
    return cased;
  }

  private static boolean isCased(int c) {
    return Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
  }

  private static void upper(int c, StringBuilder out) {
    if (c < 0x80) {
      out.append((char) Character.toUpperCase(c));
    } else {
      out.append(Character.toString(c).toUpperCase(Locale.ROOT));
    }
  }

  /** Java lacks title cases of several characters, such as {@code Ss} of {@code ß}. */
  private static void title(int c, StringBuilder out) {
    int single = Character.toTitleCase(c);
    if (single != c || c < 0x80 || Character.isTitleCase(c)) {
      out.appendCodePoint(single);
      return;
    }
    String capitals = Character.toString(c).toUpperCase(Locale.ROOT);
    int second = capitals.offsetByCodePoints(0, 1);
    out.append(capitals, 0, second);
    lower(capitals, second, out);
  }

  private static void lower(String text, int from, StringBuilder out) {
    for (int i = from; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
      lowerAt(text, i, out);
    }
  }

  private static void lowerAt(String text, int at, StringBuilder out) {
    int c = text.codePointAt(at);
    if (c == CAPITAL_DOTTED_I) {
      out.append("i\u0307"); // the one lower case of two characters
    } else {
      boolean last = c == CAPITAL_SIGMA && endsWord(text, at);
      out.appendCodePoint(last ? FINAL_SIGMA : Character.toLowerCase(c));
    }
  }

  /**
   * Unicode's condition Final_Sigma: a character with case comes before the sigma and none after
   * it, ignoring some. Ignored characters are visited only from the sigmas on either side of them,
   * so this visits each character at most twice in a whole text.
   */
  private static boolean endsWord(String text, int at) {
    int before = at;
    while (before > 0 && isIgnored(text.codePointBefore(before))) {
      before = text.offsetByCodePoints(before, -1);
    }
    int after = at + 1;
    while (after < text.length() && isIgnored(text.codePointAt(after))) {
      after = text.offsetByCodePoints(after, 1);
    }
    return before > 0
        && isCased(text.codePointBefore(before))
        && (after == text.length() || !isCased(text.codePointAt(after)));
  }

  /** Unicode's property Case_Ignorable. */
  private static boolean isIgnored(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.FORMAT,
          Character.MODIFIER_LETTER,
          Character.MODIFIER_SYMBOL ->
          true;
      default -> IGNORED_MARKS.indexOf(c) >= 0;
    };
  }
}
