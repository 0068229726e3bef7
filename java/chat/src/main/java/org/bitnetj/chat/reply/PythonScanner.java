package org.bitnetj.chat.reply;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a text of Python from left to right, above all its literals, which become JSON. JSON's own
 * values are read too: {@code true}, {@code null}, and escapes such as {@code \/} in strings. Not
 * thread-safe.
 */
final class PythonScanner {
  /** The text does not go on as it must. */
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1;
    private final boolean cut;

    MalformedException(boolean cut) {
      super(null, null, false, false);
      this.cut = cut;
    }

    /** Whether it is right as far as it goes. */
    boolean isCut() {
      return cut;
    }
  }

  private static final int MOST_DEPTH = 200;
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final ObjectMapper NUMBERS = StrictJson.mapper();
  private static final Pattern SPACE = Pattern.compile("\\s*");
  private static final Pattern WORD = Pattern.compile("([A-Za-z]+)");
  private static final Pattern NUMBER = Pattern.compile("([-+]?[0-9.][0-9_.eE+-]*)");
  private static final Pattern QUOTE = Pattern.compile("(\"\"\"|'''|\"|')");

  private final String text;
  private int at;
  private boolean hitEnd;
  private int depth;

  PythonScanner(String text) {
    this.text = text;
  }

  /** How many characters have been read. */
  int at() {
    return at;
  }

  /** Reads what a pattern matches: its group, or all if it has none; empty if it does not match. */
  Optional<String> take(Pattern pattern) {
    Matcher matcher = pattern.matcher(text).region(at, text.length());
    boolean matches = matcher.lookingAt();
    hitEnd = matcher.hitEnd();
    if (!matches) {
      return Optional.empty();
    }
    at = matcher.end();
    return Optional.of(matcher.group(matcher.groupCount()));
  }

  /** Whether what comes next matches. */
  boolean comes(Pattern pattern) {
    int before = at;
    boolean matches = take(pattern).isPresent();
    at = before;
    return matches;
  }

  /** Says that the last pattern should have matched. */
  MalformedException malformed() {
    return new MalformedException(hitEnd);
  }

  /** A literal that begins here. */
  JsonNode value() throws MalformedException {
    if (++depth > MOST_DEPTH) {
      throw new MalformedException(false);
    }
    JsonNode value =
        switch (peek()) {
          case '\'', '"' -> JSON.textNode(string());
          case '[' -> items(']');
          case '(' -> items(')');
          case '{' -> members();
          case '-', '+', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number();
          default -> word();
        };
    depth--;
    return value;
  }

  private char peek() throws MalformedException {
    if (at == text.length()) {
      throw new MalformedException(true);
    }
    return text.charAt(at);
  }

  private char next() throws MalformedException {
    char c = peek();
    at++;
    return c;
  }

  private JsonNode word() throws MalformedException {
    String word = take(WORD).orElseThrow(this::malformed);
    return switch (word) {
      case "True", "true" -> JSON.booleanNode(true);
      case "False", "false" -> JSON.booleanNode(false);
      case "None", "null" -> JSON.nullNode();
      default -> throw malformed();
    };
  }

  private JsonNode number() throws MalformedException {
    String written = take(NUMBER).orElseThrow(this::malformed).replace("_", "");
    String number = written.startsWith("+") ? written.substring(1) : written;
    number = number.replaceFirst("^(-?)\\.", "$10.").replaceFirst("\\.(?![0-9])", ".0");
    try {
      return NUMBERS.readTree(number);
    } catch (JsonProcessingException e) {
      throw malformed();
    }
  }

  /** A list or a tuple; one value in parentheses without a comma is that value. */
  private JsonNode items(char close) throws MalformedException {
    at++;
    ArrayNode items = JSON.arrayNode();
    boolean comma = false;
    while (!ends(close)) {
      items.add(value());
      comma = comma(close);
    }
    return close == ')' && items.size() == 1 && !comma ? items.get(0) : items;
  }

  private JsonNode members() throws MalformedException {
    at++;
    ObjectNode members = JSON.objectNode();
    while (!ends('}')) {
      if (peek() != '"' && peek() != '\'') {
        throw new MalformedException(false);
      }
      String name = string();
      take(SPACE);
      if (next() != ':' || members.has(name)) {
        throw new MalformedException(false);
      }
      take(SPACE);
      members.set(name, value());
      comma('}');
    }
    return members;
  }

  /** Whether a bracket closes here, which is then read. */
  private boolean ends(char close) throws MalformedException {
    take(SPACE);
    if (peek() != close) {
      return false;
    }
    at++;
    return true;
  }

  /** Reads a comma, if a bracket does not close. */
  private boolean comma(char close) throws MalformedException {
    take(SPACE);
    if (peek() == ',') {
      at++;
      return true;
    }
    if (peek() != close) {
      throw new MalformedException(false);
    }
    return false;
  }

  /** Whether a character ends the line, and with it a string in single quotes, which has no end. */
  static boolean isLineBreak(char c) {
    return c == '\n' || c == '\r';
  }

  private String string() throws MalformedException {
    String quote = take(QUOTE).orElseThrow(this::malformed);
    StringBuilder string = new StringBuilder();
    while (!text.startsWith(quote, at)) {
      char c = next();
      if (c == '\\') {
        escape(string);
      } else if (quote.length() == 1 && isLineBreak(c)) {
        throw new MalformedException(false);
      } else {
        string.append(c);
      }
    }
    at += quote.length();
    return string.toString();
  }

  /** What follows a backslash. */
  private void escape(StringBuilder to) throws MalformedException {
    char c = next();
    switch (c) {
      case '\n' -> {} // the line goes on
      case '\r' -> at += text.startsWith("\n", at) ? 1 : 0; // so it does
      case '\\', '\'', '"', '/' -> to.append(c);
      case 'a' -> to.append('\u0007');
      case 'b' -> to.append('\b');
      case 'f' -> to.append('\f');
      case 'n' -> to.append('\n');
      case 'r' -> to.append('\r');
      case 't' -> to.append('\t');
      case 'v' -> to.append('\u000b');
      case 'x' -> to.append((char) code(2));
      case 'u' -> to.append((char) code(4));
      case 'U' -> {
        int code = code(8);
        if (!Character.isValidCodePoint(code)) {
          throw new MalformedException(false);
        }
        to.appendCodePoint(code);
      }
      case '0' -> to.append('\0');
      default -> to.append('\\').append(c); // as Python reads it
    }
  }

  private int code(int digits) throws MalformedException {
    int code = 0;
    for (int i = 0; i < digits; i++) {
      int digit = Character.digit(next(), 16);
      if (digit < 0) {
        throw new MalformedException(false);
      }
      code = code << 4 | digit;
    }
    return code;
  }
}
