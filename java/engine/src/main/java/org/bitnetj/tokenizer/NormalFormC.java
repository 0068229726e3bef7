package org.bitnetj.tokenizer;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Unicode's normal form C (UAX #15) of UTF-8. {@link Normalizer} takes quadratic time where marks
 * that combine follow each other in great numbers and out of order, so such runs are sorted before;
 * that is a step of every normal form, and does not change the result.
 */
final class NormalFormC {
  /** Longest run of marks that is left to {@link Normalizer}; real texts have a few. */
  private static final int LONG = 64;

  /** Marks of the lowest and of the highest class that combine. */
  private static final String LOWEST = "\u0334";

  private static final String HIGHEST = "\u0345";

  private static final Comparator<String> CLASSES = (a, b) -> swap(b, a) ? -1 : swap(a, b) ? 1 : 0;

  private NormalFormC() {}

  /** The normal form of {@code text[from, to)}, which is well-formed UTF-8, as a new array. */
  static byte[] of(byte[] text, int from, int to) {
    int at = from;
    while (at < to && text[at] >= 0) {
      at++;
    }
    if (at == to) {
      return Arrays.copyOfRange(text, from, to);
    }
    String sorted = withSortedMarks(new String(text, from, to - from, StandardCharsets.UTF_8));
    return Normalizer.normalize(sorted, Form.NFC).getBytes(StandardCharsets.UTF_8);
  }

  private static String withSortedMarks(String text) {
    StringBuilder out = new StringBuilder();
    int done = 0;
    for (int at = 0; at < text.length(); ) {
      int start = at;
      int marks = 0;
      while (at < text.length() && isMark(text.codePointAt(at))) {
        at += Character.charCount(text.codePointAt(at));
        marks++;
      }
      if (marks > LONG) {
        out.append(text, done, start);
        sort(text.substring(start, at), out);
        done = at;
      }
      if (at < text.length()) {
        at += Character.charCount(text.codePointAt(at));
      }
    }
    return done == 0 ? text : out.append(text, done, text.length()).toString();
  }

  /** Whether it can combine; some marks do not, and their order stays. */
  private static boolean isMark(int c) {
    int type = Character.getType(c);
    return type == Character.NON_SPACING_MARK
        || type == Character.COMBINING_SPACING_MARK
        || type == Character.ENCLOSING_MARK;
  }

  /** Decomposes marks and orders, between those that do not combine, the others by class. */
  private static void sort(String marks, StringBuilder out) {
    String[] parts =
        marks
            .codePoints()
            .mapToObj(c -> Normalizer.normalize(Character.toString(c), Form.NFD))
            .flatMapToInt(String::codePoints)
            .mapToObj(Character::toString)
            .toArray(String[]::new);
    for (int at = 0; at < parts.length; ) {
      int start = at;
      while (at < parts.length && combines(parts[at])) {
        at++;
      }
      Arrays.sort(parts, start, at, CLASSES);
      at = at == start ? at + 1 : at;
    }
    for (String part : parts) {
      out.append(part);
    }
  }

  private static boolean combines(String mark) {
    return swap(mark, LOWEST) || swap(HIGHEST, mark);
  }

  /** Whether a normal form has the second mark first, which is of a lower class then. */
  private static boolean swap(String first, String second) {
    return Normalizer.normalize(first + second, Form.NFD).startsWith(second)
        && !first.equals(second);
  }
}
