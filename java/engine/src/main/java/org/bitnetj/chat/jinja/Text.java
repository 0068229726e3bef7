package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import org.bitnetj.tokenizer.Segment;

/**
 * A string that knows of each character whether the template's author wrote it, which cutting and
 * joining keep. Two texts are equal when their characters are. Methods that make a text charge its
 * characters to a budget; callers charge the scan. Immutable.
 */
final class Text implements Value, Comparable<Text> {
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

  /** A text of an existing string. Charges nothing. */
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

  /** The length that Python gives: the number of code points. */
  int codePoints() {
    return chars.codePointCount(0, chars.length());
  }

  Text substring(int from, int to, Budget budget) {
    if (from == to || (from == 0 && to == chars.length())) {
      return from == to ? EMPTY : this;
    }
    int run = run(from);
    if (to > ends[run]) {
      return new Builder(budget).append(this, from, to).build();
    }
    budget.characters(to - from);
    return of(chars.substring(from, to), trusts[run]);
  }

  /** The run that the character at {@code at} is in. */
  private int run(int at) {
    int found = Arrays.binarySearch(ends, at);
    return found >= 0 ? found + 1 : -found - 1;
  }

  /** The code points {@code from}, inclusive, to {@code to}, exclusive. */
  Text slice(int from, int to, Budget budget) {
    int start = chars.offsetByCodePoints(0, from);
    return substring(start, chars.offsetByCodePoints(start, to - from), budget);
  }

  /** A text for each code point. */
  List<Value> characters(Budget budget) {
    List<Value> characters = new ArrayList<>();
    for (int i = 0; i < chars.length(); ) {
      budget.step();
      int next = chars.offsetByCodePoints(i, 1);
      characters.add(substring(i, next, budget));
      i = next;
    }
    return characters;
  }

  /** Without the leading or trailing characters that {@code drop} accepts. */
  Text strip(boolean left, boolean right, IntPredicate drop, Budget budget) {
    int from = 0;
    int to = chars.length();
    while (left && from < to && drop.test(chars.codePointAt(from))) {
      from += Character.charCount(chars.codePointAt(from));
    }
    while (right && from < to && drop.test(chars.codePointBefore(to))) {
      to -= Character.charCount(chars.codePointBefore(to));
    }
    return substring(from, to, budget);
  }

  /** Cuts at the first {@code limit} separators; at all of them if it is negative. */
  List<Text> split(String separator, int limit, Budget budget) {
    List<Text> parts = new ArrayList<>();
    int from = 0;
    while (limit < 0 || parts.size() < limit) {
      int at = chars.indexOf(separator, from);
      if (at < 0) {
        break;
      }
      budget.step();
      parts.add(substring(from, at, budget));
      from = at + separator.length();
    }
    parts.add(substring(from, chars.length(), budget));
    return parts;
  }

  /** The words between white space. After {@code limit} words, the last one holds the rest. */
  List<Text> words(int limit, Budget budget) {
    List<Text> words = new ArrayList<>();
    int at = skip(0, true);
    while (at < chars.length()) {
      budget.step();
      if (words.size() == limit) {
        words.add(substring(at, chars.length(), budget));
        break;
      }
      int end = skip(at, false);
      words.add(substring(at, end, budget));
      at = skip(end, true);
    }
    return words;
  }

  /** Where the run of white space at {@code from} ends, or the run of other characters. */
  private int skip(int from, boolean space) {
    int at = from;
    while (at < chars.length() && isSpace(chars.charAt(at)) == space) {
      at++;
    }
    return at;
  }

  /** As Python's {@code str.splitlines}. */
  List<Text> lines(boolean keepEnds, Budget budget) {
    List<Text> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < chars.length(); i++) {
      char c = chars.charAt(i);
      if ((c >= '\n' && c <= '\r')
          || (c >= 0x1c && c <= 0x1e)
          || c == 0x85
          || c == 0x2028
          || c == 0x2029) {
        int end = i;
        if (c == '\r' && chars.startsWith("\n", i + 1)) {
          i++;
        }
        budget.step();
        lines.add(substring(from, keepEnds ? i + 1 : end, budget));
        from = i + 1;
      }
    }
    if (from < chars.length()) {
      lines.add(substring(from, chars.length(), budget));
    }
    return lines;
  }

  /** Replaces the first {@code limit} occurrences; all of them if it is negative. */
  Text replace(String old, Text replacement, int limit, Budget budget) {
    Builder builder = new Builder(budget);
    int from = 0;
    for (int n = 0; limit < 0 || n < limit; n++) {
      // An empty pattern matches before every character and at the end, as in Python.
      int at = old.isEmpty() ? from : chars.indexOf(old, from);
      if (at < 0) {
        break;
      }
      budget.step();
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

  /** As Python's {@code str.isspace}. */
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

  /**
   * Orders by code points, as Python does. {@link java.util.HashMap} uses the order to stay fast
   * when a template chooses keys of equal hash codes.
   */
  @Override
  public int compareTo(Text other) {
    int at = 0;
    int end = Math.min(length(), other.length());
    while (at < end && chars.charAt(at) == other.chars.charAt(at)) {
      at++;
    }
    if (at == end) {
      return Integer.compare(length(), other.length());
    }
    char a = chars.charAt(at);
    char b = other.chars.charAt(at);
    // A surrogate is half of a code point above all single characters.
    boolean pairs = Character.isSurrogate(a) != Character.isSurrogate(b);
    return pairs ? (Character.isSurrogate(a) ? 1 : -1) : Character.compare(a, b);
  }

  @Override
  public String toString() {
    return chars;
  }

  /** Joins texts and charges their characters. */
  static final class Builder {
    private final Budget budget;
    private final StringBuilder chars = new StringBuilder();
    private int[] ends = new int[4];
    private boolean[] trusts = new boolean[4];
    private int runs;

    Builder(Budget budget) {
      this.budget = budget;
    }

    Builder append(Text text) {
      return append(text, 0, text.length());
    }

    Builder append(Text text, int from, int to) {
      int run = text.run(from);
      for (int start = from; start < to; start = text.ends[run++]) {
        append(text.chars, start, Math.min(to, text.ends[run]), text.trusts[run]);
      }
      return this;
    }

    Builder append(String part, boolean trusted) {
      return append(part, 0, part.length(), trusted);
    }

    private Builder append(String part, int from, int to, boolean trusted) {
      if (from == to) {
        return this;
      }
      budget.characters(to - from);
      chars.append(part, from, to);
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
