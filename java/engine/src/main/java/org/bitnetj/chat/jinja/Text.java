package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.bitnetj.tokenizer.Segment;

/**
 * A string that knows of each character whether the template's author wrote it. Cutting and joining
 * keep that; two texts are equal when their characters are. Immutable.
 */
final class Text implements Value {
  static final Text EMPTY = new Text("", new int[0], new boolean[0]);

  private final String chars;

  /** Where each run of equally trusted characters ends; no run is empty. */
  private final int[] ends;

  private final boolean[] trusts;

  private Text(String chars, int[] ends, boolean[] trusts) {
    this.chars = chars;
    this.ends = ends;
    this.trusts = trusts;
  }

  static Text of(String chars, boolean trusted) {
    return chars.isEmpty()
        ? EMPTY
        : new Text(chars, new int[] {chars.length()}, new boolean[] {trusted});
  }

  static Text trusted(String chars) {
    return of(chars, true);
  }

  String chars() {
    return chars;
  }

  int length() {
    return chars.length();
  }

  boolean isEmpty() {
    return chars.isEmpty();
  }

  /** How many characters Python counts: code points. */
  int codePoints() {
    return chars.codePointCount(0, chars.length());
  }

  Text substring(int from, int to) {
    if (from == 0 && to == chars.length()) {
      return this;
    }
    Builder builder = new Builder();
    builder.append(this, from, to);
    return builder.build();
  }

  /** The code point at Python's index {@code i}, which must be in range. */
  Text codePointAt(int i) {
    int from = chars.offsetByCodePoints(0, i);
    return substring(from, chars.offsetByCodePoints(from, 1));
  }

  Text plus(Text other) {
    if (isEmpty() || other.isEmpty()) {
      return isEmpty() ? other : this;
    }
    return new Builder().append(this).append(other).build();
  }

  /** Without the characters at either end that {@code drop} names. */
  Text strip(boolean left, boolean right, IntPredicate drop) {
    int from = 0;
    int to = chars.length();
    while (left && from < to && drop.test(chars.codePointAt(from))) {
      from += Character.charCount(chars.codePointAt(from));
    }
    while (right && from < to && drop.test(chars.codePointBefore(to))) {
      to -= Character.charCount(chars.codePointBefore(to));
    }
    return substring(from, to);
  }

  List<Text> split(String separator, int limit) {
    List<Text> parts = new ArrayList<>();
    int from = 0;
    while (limit < 0 || parts.size() < limit) {
      int at = chars.indexOf(separator, from);
      if (at < 0) {
        break;
      }
      parts.add(substring(from, at));
      from = at + separator.length();
    }
    parts.add(substring(from, chars.length()));
    return parts;
  }

  /** The words between runs of white space. */
  List<Text> words() {
    List<Text> words = new ArrayList<>();
    int start = -1;
    for (int i = 0; i <= chars.length(); i++) {
      boolean space = i == chars.length() || isSpace(chars.charAt(i));
      if (space && start >= 0) {
        words.add(substring(start, i));
        start = -1;
      } else if (!space && start < 0) {
        start = i;
      }
    }
    return words;
  }

  Text replace(String old, Text replacement, int limit) {
    Builder builder = new Builder();
    int from = 0;
    for (int n = 0; limit < 0 || n < limit; n++) {
      // An empty pattern matches before every character and at the end, as in Python.
      int at = old.isEmpty() ? from : chars.indexOf(old, from);
      if (at < 0 || at > chars.length()) {
        break;
      }
      builder.append(this, from, at).append(replacement);
      from = at + old.length();
      if (old.isEmpty()) {
        if (from == chars.length()) {
          return builder.build();
        }
        int next = chars.offsetByCodePoints(from, 1);
        builder.append(this, from, next);
        from = next;
      }
    }
    return builder.append(this, from, chars.length()).build();
  }

  /** Maps the characters; of a text by several authors nothing is trusted after. */
  Text map(UnaryOperator<String> change) {
    return of(change.apply(chars), isTrusted());
  }

  /** Whether the template's author wrote all of it. */
  boolean isTrusted() {
    for (boolean trusted : trusts) {
      if (!trusted) {
        return false;
      }
    }
    return true;
  }

  List<Segment> segments() {
    List<Segment> segments = new ArrayList<>();
    for (int i = 0, from = 0; i < ends.length; from = ends[i++]) {
      segments.add(new Segment(chars.substring(from, ends[i]), trusts[i]));
    }
    return segments;
  }

  /** What Python's {@code str.isspace} says. */
  static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Text text && chars.equals(text.chars);
  }

  @Override
  public int hashCode() {
    return chars.hashCode();
  }

  @Override
  public String toString() {
    return chars;
  }

  /** Joins texts. */
  static final class Builder {
    private final StringBuilder chars = new StringBuilder();
    private int[] ends = new int[4];
    private boolean[] trusts = new boolean[4];
    private int runs;

    int length() {
      return chars.length();
    }

    Builder append(Text text) {
      return append(text, 0, text.length());
    }

    Builder append(Text text, int from, int to) {
      int found = Arrays.binarySearch(text.ends, from);
      int run = found >= 0 ? found + 1 : -found - 1;
      for (int start = from; start < to; start = text.ends[run++]) {
        append(text.chars.substring(start, Math.min(to, text.ends[run])), text.trusts[run]);
      }
      return this;
    }

    Builder append(String part, boolean trusted) {
      if (part.isEmpty()) {
        return this;
      }
      chars.append(part);
      if (runs == 0 || trusts[runs - 1] != trusted) {
        if (runs == ends.length) {
          ends = Arrays.copyOf(ends, runs * 2);
          trusts = Arrays.copyOf(trusts, runs * 2);
        }
        trusts[runs++] = trusted;
      }
      ends[runs - 1] = chars.length();
      return this;
    }

    Text build() {
      return runs == 0
          ? EMPTY
          : new Text(chars.toString(), Arrays.copyOf(ends, runs), Arrays.copyOf(trusts, runs));
    }
  }
}
