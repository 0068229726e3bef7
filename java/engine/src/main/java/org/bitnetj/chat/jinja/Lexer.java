package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import org.bitnetj.chat.jinja.Token.Kind;

/**
 * Cuts a template into tokens. Treats white space around tags as Hugging Face's chat templates
 * expect, with Jinja's options {@code trim_blocks} and {@code lstrip_blocks} on.
 */
final class Lexer {
  private static final List<String> OPERATORS =
      List.of(
          "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}", "<",
          ">", "=", ".", ":", "|", ",", "~");

  /** Bounds the cost of looking up a name. */
  private static final int MAX_NAME = 256;

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private int lineCountedTo;

  private Lexer(String source) {
    String unix = source.replace("\r\n", "\n").replace('\r', '\n');
    this.source = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
  }

  static List<Token> tokens(String source) {
    Lexer lexer = new Lexer(source);
    lexer.template();
    return lexer.tokens;
  }

  private void template() {
    boolean lineStart = true; // whether what follows is the start of a line
    while (at < source.length()) {
      int tag = nextTag(at);
      if (tag < 0) {
        data(at, source.length());
        at = source.length();
        break;
      }
      char kind = source.charAt(tag + 1);
      char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
      data(at, endOfData(at, tag, kind, sign, lineStart));
      at = tag + (sign == '-' || sign == '+' ? 3 : 2);
      switch (kind) {
        case '#' -> comment(tag);
        case '%' -> {
          if (!raw(tag)) {
            tag(Kind.BLOCK_START, Kind.BLOCK_END, "%}");
          }
        }
        default -> tag(Kind.PRINT_START, Kind.PRINT_END, "}}");
      }
      lineStart = source.charAt(at - 1) == '\n';
    }
    add(Kind.END, "", at);
  }

  private int nextTag(int from) {
    for (int i = source.indexOf('{', from); i >= 0; i = source.indexOf('{', i + 1)) {
      if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  /** Where the text before a tag ends, without the white space that the tag removes. */
  private int endOfData(int from, int tag, char kind, char sign, boolean lineStart) {
    int end = tag;
    if (sign == '-') {
      while (end > from && Text.isSpace(source.charAt(end - 1))) {
        end--;
      }
    } else if (sign != '+' && kind != '{') {
      while (end > from && Text.isSpace(source.charAt(end - 1)) && source.charAt(end - 1) != '\n') {
        end--;
      }
      boolean onlyIndent = end > from ? source.charAt(end - 1) == '\n' : lineStart;
      return onlyIndent ? end : tag;
    }
    return end;
  }

  private void data(int from, int to) {
    if (from < to) {
      add(Kind.DATA, source.substring(from, to), from);
    }
  }

  private void comment(int tag) {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      throw JinjaException.at(lineOf(tag), "a comment has no end '#}'");
    }
    at = end;
    endTag(end > tag + 2 ? source.charAt(end - 1) : ' ', true);
  }

  /** Moves past a closing delimiter and the white space that it removes. */
  private void endTag(char sign, boolean block) {
    at += 2;
    if (sign == '-') {
      while (at < source.length() && Text.isSpace(source.charAt(at))) {
        at++;
      }
    } else if (block && sign != '+' && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
  }

  /** Reads a {@code raw} block if this is one. */
  private boolean raw(int tag) {
    int open = keywordEnd(at, "raw");
    if (open < 0) {
      return false;
    }
    at = open;
    endTag(source.charAt(open - 1), false);
    int from = at;
    for (int end = source.indexOf("{%", from); end >= 0; end = source.indexOf("{%", end + 2)) {
      char sign = end + 2 < source.length() ? source.charAt(end + 2) : ' ';
      int close = keywordEnd(sign == '-' || sign == '+' ? end + 3 : end + 2, "endraw");
      if (close >= 0) {
        data(from, endOfData(from, end, '%', sign, false));
        at = close;
        endTag(source.charAt(close - 1), true);
        return true;
      }
    }
    throw JinjaException.at(lineOf(tag), "'raw' has no 'endraw'");
  }

  /** Where the {@code %}} is if the rest of the tag at {@code from} is this word, else −1. */
  private int keywordEnd(int from, String word) {
    int i = skipSpace(from);
    if (!source.startsWith(word, i)) {
      return -1;
    }
    i = skipSpace(i + word.length());
    if (i < source.length() && (source.charAt(i) == '-' || source.charAt(i) == '+')) {
      i++;
    }
    return source.startsWith("%}", i) ? i : -1;
  }

  private int skipSpace(int from) {
    int i = from;
    while (i < source.length() && Text.isSpace(source.charAt(i))) {
      i++;
    }
    return i;
  }

  private void tag(Kind start, Kind end, String close) {
    int opened = at;
    add(start, "", at);
    int depth = 0;
    while (true) {
      at = skipSpace(at);
      if (at >= source.length()) {
        throw JinjaException.at(lineOf(opened), "a tag has no end '" + close + "'");
      }
      char c = source.charAt(at);
      if (depth == 0 && source.startsWith(close, at)) {
        add(end, "", at);
        endTag(' ', end == Kind.BLOCK_END);
        return;
      }
      if (depth == 0 && (c == '-' || c == '+') && source.startsWith(close, at + 1)) {
        add(end, "", at);
        at++;
        endTag(c, end == Kind.BLOCK_END);
        return;
      }
      if (c == '\'' || c == '"') {
        string(c);
      } else if (c >= '0' && c <= '9') {
        number();
      } else if (isNamePart(c)) {
        name();
      } else {
        depth += operator();
      }
    }
  }

  private void string(char quote) {
    int from = at++;
    StringBuilder text = new StringBuilder();
    while (at < source.length() && source.charAt(at) != quote) {
      char c = source.charAt(at++);
      if (c == '\\' && at < source.length()) {
        escape(text);
      } else {
        text.append(c);
      }
    }
    if (at >= source.length()) {
      throw JinjaException.at(lineOf(from), "a string has no end " + quote);
    }
    at++;
    add(Kind.STRING, text.toString(), from);
  }

  private void escape(StringBuilder text) {
    char c = source.charAt(at++);
    switch (c) {
      case 'n' -> text.append('\n');
      case 't' -> text.append('\t');
      case 'r' -> text.append('\r');
      case 'b' -> text.append('\b');
      case 'f' -> text.append('\f');
      case 'a' -> text.append('\u0007');
      case 'v' -> text.append('\u000b');
      case '0' -> text.append('\0');
      case '\\', '\'', '"' -> text.append(c);
      case '\n' -> {}
      case 'x' -> code(text, 2);
      case 'u' -> code(text, 4);
      case 'U' -> code(text, 8);
      default -> text.append('\\').append(c);
    }
  }

  private void code(StringBuilder text, int digits) {
    int code = 0;
    for (int i = 0; i < digits; i++) {
      int digit = at < source.length() ? Character.digit(source.charAt(at++), 16) : -1;
      code = digit < 0 || code > 0xFFFFFF ? -1 : code << 4 | digit;
      if (code < 0) {
        break;
      }
    }
    if (!Character.isValidCodePoint(code)) {
      throw JinjaException.at(lineOf(at - 1), "a string has an escape that is not a character");
    }
    text.appendCodePoint(code);
  }

  private void number() {
    int from = at;
    digits();
    boolean real = false;
    if (at + 1 < source.length() && source.charAt(at) == '.' && isDigit(source.charAt(at + 1))) {
      real = true;
      at++;
      digits();
    }
    int exponent = exponent();
    if (exponent > at) {
      real = true;
      at = exponent;
      digits();
    }
    add(real ? Kind.REAL : Kind.INTEGER, source.substring(from, at).replace("_", ""), from);
  }

  /** Where the digits of the exponent at {@code at} begin; {@code at} if there is none. */
  private int exponent() {
    if (at < source.length() && (source.charAt(at) == 'e' || source.charAt(at) == 'E')) {
      int digits = at + 1;
      if (digits < source.length() && "+-".indexOf(source.charAt(digits)) >= 0) {
        digits++;
      }
      if (digits < source.length() && isDigit(source.charAt(digits))) {
        return digits;
      }
    }
    return at;
  }

  private void digits() {
    while (at < source.length() && (isDigit(source.charAt(at)) || source.charAt(at) == '_')) {
      at++;
    }
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private void name() {
    int from = at;
    while (at < source.length() && isNamePart(source.charAt(at))) {
      at++;
    }
    if (at - from > MAX_NAME) {
      throw JinjaException.at(lineOf(from), "a name has more than " + MAX_NAME + " characters");
    }
    add(Kind.NAME, source.substring(from, at), from);
  }

  private static boolean isNamePart(char c) {
    return c == '_' || Character.isLetterOrDigit(c);
  }

  /** Reads an operator; 1 if it opens a bracket, −1 if it closes one, else 0. */
  private int operator() {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        add(Kind.OPERATOR, operator, at);
        at += operator.length();
        return switch (operator) {
          case "(", "[", "{" -> 1;
          case ")", "]", "}" -> -1;
          default -> 0;
        };
      }
    }
    throw JinjaException.at(
        lineOf(at),
        "'" + Character.toString(source.codePointAt(at)) + "' is not part of the language");
  }

  private void add(Kind kind, String text, int position) {
    tokens.add(new Token(kind, text, lineOf(position)));
  }

  /** Fast for ascending positions, which all but errors ask for. */
  private int lineOf(int position) {
    if (position < lineCountedTo) {
      line = 1;
      lineCountedTo = 0;
    }
    for (; lineCountedTo < position && lineCountedTo < source.length(); lineCountedTo++) {
      if (source.charAt(lineCountedTo) == '\n') {
        line++;
      }
    }
    return line;
  }
}
