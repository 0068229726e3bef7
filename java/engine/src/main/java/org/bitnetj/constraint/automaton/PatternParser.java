package org.bitnetj.constraint.automaton;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads regular expressions as ECMA-262 defines them with its flag u, without assertions (but
 * {@code ^} and {@code $}) and backreferences. As without that flag, braces and brackets that
 * cannot mean anything else stand for themselves.
 */
final class PatternParser {
  private static final int MOST_DEPTH = 100;
  private static final CharSet DIGIT = CharSet.range('0', '9');
  private static final CharSet WORD =
      DIGIT.or(CharSet.range('a', 'z')).or(CharSet.range('A', 'Z')).or(CharSet.of('_'));
  private static final CharSet LINE_END =
      CharSet.of('\n').or(CharSet.of('\r')).or(CharSet.range(0x2028, 0x2029));
  private static final CharSet SPACE =
      CharSet.where(c -> Character.getType(c) == Character.SPACE_SEPARATOR)
          .or(CharSet.range('\t', '\r'))
          .or(CharSet.range(0x2028, 0x2029))
          .or(CharSet.of(0xFEFF));

  private final String text;
  private int at;
  private int depth;

  private PatternParser(String text) {
    this.text = text;
  }

  static Pattern parse(String text) {
    PatternParser parser = new PatternParser(text);
    Pattern pattern = parser.choice();
    if (parser.at < text.length()) {
      throw parser.failure("has a ')' without its '('");
    }
    return pattern;
  }

  private Pattern choice() {
    if (++depth > MOST_DEPTH) {
      throw failure("nests deeper than " + MOST_DEPTH + " groups");
    }
    List<Pattern> parts = new ArrayList<>();
    do {
      parts.add(sequence());
    } while (skip("|"));
    depth--;
    return parts.size() == 1 ? parts.getFirst() : new Pattern.Choice(parts);
  }

  private Pattern sequence() {
    List<Pattern> parts = new ArrayList<>();
    while (at < text.length() && text.charAt(at) != '|' && text.charAt(at) != ')') {
      parts.add(term());
    }
    return parts.size() == 1 ? parts.getFirst() : new Pattern.Sequence(parts);
  }

  private Pattern term() {
    boolean anchor = "^$".indexOf(text.charAt(at)) >= 0;
    Pattern atom = atom();
    int start = at;
    int min;
    int max;
    if (skip("*")) {
      min = 0;
      max = Pattern.UNBOUNDED;
    } else if (skip("+")) {
      min = 1;
      max = Pattern.UNBOUNDED;
    } else if (skip("?")) {
      min = 0;
      max = 1;
    } else if (startsBounds()) {
      skip("{");
      min = number();
      max = !skip(",") ? min : text.charAt(at) == '}' ? Pattern.UNBOUNDED : number();
      skip("}");
    } else {
      return atom;
    }
    if (anchor || max < min) {
      at = start;
      throw failure("has a quantifier that cannot be used");
    }
    skip("?"); // lazy: the same strings match
    return new Pattern.Repeat(atom, min, max);
  }

  private boolean startsBounds() {
    int i = at;
    if (i >= text.length() || text.charAt(i++) != '{') {
      return false;
    }
    int digits = i;
    while (i < text.length() && isDigit(text.charAt(i))) {
      i++;
    }
    if (i == digits) {
      return false;
    }
    if (i < text.length() && text.charAt(i) == ',') {
      i++;
      while (i < text.length() && isDigit(text.charAt(i))) {
        i++;
      }
    }
    return i < text.length() && text.charAt(i) == '}';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private int number() {
    long value = 0;
    while (isDigit(text.charAt(at))) {
      value = Math.min(value * 10 + text.charAt(at++) - '0', Pattern.UNBOUNDED - 1);
    }
    return (int) value;
  }

  private Pattern atom() {
    int start = at;
    int c = text.codePointAt(at);
    at += Character.charCount(c);
    switch (c) {
      case '^':
        return Pattern.Anchor.START;
      case '$':
        return Pattern.Anchor.END;
      case '.':
        return new Pattern.Characters(LINE_END.not());
      case '(':
        return group();
      case '[':
        return new Pattern.Characters(set());
      case '\\':
        return new Pattern.Characters(escape(false));
      case '*', '+', '?':
        at = start;
        throw failure("has a quantifier that cannot be used");
      default:
        return new Pattern.Characters(CharSet.of(c));
    }
  }

  private Pattern group() {
    int start = at;
    if (skip("?=") || skip("?!") || skip("?<=") || skip("?<!")) {
      at = start;
      throw failure("has a lookaround, which is not supported,");
    }
    if (skip("?<")) {
      int end = text.indexOf('>', at);
      if (end <= at) {
        throw failure("has a group without a name");
      }
      at = end + 1;
    } else if (!skip("?:") && text.startsWith("?", at)) {
      throw failure("has a group of an unknown kind");
    }
    Pattern inner = choice();
    if (!skip(")")) {
      throw failure("lacks a ')'");
    }
    return inner;
  }

  private CharSet set() {
    boolean negated = skip("^");
    CharSet all = CharSet.NONE;
    while (!skip("]")) {
      int start = at;
      CharSet first = member();
      if (text.startsWith("-", at) && !text.startsWith("-]", at)) {
        at++;
        CharSet last = member();
        if (!isOne(first) || !isOne(last) || last.first(0) < first.first(0)) {
          at = start;
          throw failure("has a range of characters that is none");
        }
        first = CharSet.range(first.first(0), last.first(0));
      }
      all = all.or(first);
    }
    return negated ? all.not() : all;
  }

  private CharSet member() {
    if (at >= text.length()) {
      throw failure("lacks a ']'");
    }
    int c = text.codePointAt(at);
    at += Character.charCount(c);
    return c == '\\' ? escape(true) : CharSet.of(c);
  }

  private static boolean isOne(CharSet set) {
    return set.ranges() == 1 && set.first(0) == set.last(0);
  }

  /** What follows a backslash. */
  private CharSet escape(boolean inSet) {
    if (at >= text.length()) {
      throw failure("ends with a backslash");
    }
    char c = text.charAt(at++);
    return switch (c) {
      case 'd' -> DIGIT;
      case 'D' -> DIGIT.not();
      case 'w' -> WORD;
      case 'W' -> WORD.not();
      case 's' -> SPACE;
      case 'S' -> SPACE.not();
      case 't' -> CharSet.of('\t');
      case 'n' -> CharSet.of('\n');
      case 'v' -> CharSet.of(0x0B);
      case 'f' -> CharSet.of('\f');
      case 'r' -> CharSet.of('\r');
      case 'p' -> property();
      case 'P' -> property().not();
      case 'c' -> control();
      case 'x' -> CharSet.of(hex(2));
      case 'u' -> CharSet.of(unicode());
      case 'b', 'B' -> {
        if (inSet && c == 'b') {
          yield CharSet.of('\b');
        }
        throw failure("has a word boundary, which is not supported,");
      }
      case '0' -> {
        if (at < text.length() && isDigit(text.charAt(at))) {
          throw failure("has an escape that is not supported");
        }
        yield CharSet.of(0);
      }
      default -> {
        if (isDigit(c) || c == 'k') {
          throw failure("has a backreference, which is not supported,");
        }
        if (c >= 0x80 || Character.isLetter(c)) {
          throw failure("has an unknown escape");
        }
        yield CharSet.of(c);
      }
    };
  }

  private CharSet control() {
    if (at >= text.length() || !WORD.contains(text.charAt(at)) || isDigit(text.charAt(at))) {
      throw failure("has an unknown escape");
    }
    return CharSet.of(text.charAt(at++) & 0x1F);
  }

  private int unicode() {
    if (skip("{")) {
      int end = text.indexOf('}', at);
      int value = end < 0 || end == at || end > at + 6 ? -1 : hex(end - at);
      if (value < 0 || value > CharSet.LAST) {
        throw failure("has an unknown escape");
      }
      at++;
      return value;
    }
    int first = hex(4);
    int start = at;
    if (Character.isHighSurrogate((char) first) && skip("\\u") && !text.startsWith("{", at)) {
      int second = hex(4);
      if (Character.isLowSurrogate((char) second)) {
        return Character.toCodePoint((char) first, (char) second);
      }
    }
    at = start;
    return first;
  }

  private int hex(int digits) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
      char c = at < text.length() ? text.charAt(at) : 0;
      int digit = c < 0x80 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        throw failure("has an unknown escape");
      }
      value = value << 4 | digit;
      at++;
    }
    return value;
  }

  private CharSet property() {
    int end = text.indexOf('}', at);
    if (!skip("{") || end < 0) {
      throw failure("has a property of characters without a name");
    }
    String name = text.substring(at, end);
    CharSet set = CharProperties.find(name);
    if (set == null) {
      throw failure("has a property of characters that is not supported");
    }
    at = end + 1;
    return set;
  }

  private boolean skip(String expected) {
    boolean found = text.startsWith(expected, at);
    at += found ? expected.length() : 0;
    return found;
  }

  private PatternException failure(String clause) {
    return new PatternException(clause, at);
  }
}
