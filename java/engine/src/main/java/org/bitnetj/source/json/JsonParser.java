package org.bitnetj.source.json;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitnetj.source.Printable;

/**
 * Reads a JSON text by RFC 8259 and nothing beside it. An object that names a member twice is
 * refused, since readers differ in which one counts, and so are deep nesting and more values than
 * any file of a checkpoint has: each takes some hundred bytes.
 */
public final class JsonParser {
  /** Deepest nesting; files of checkpoints have five levels. */
  private static final int MOST_DEPTH = 64;

  /** Most values; a vocabulary of 262,144 tokens with as many merges twice has 2 million. */
  private static final int MOST_VALUES = 4 << 20;

  private static final int MOST_SHOWN = 80;

  private static final Pattern NUMERAL =
      Pattern.compile("-?(?:0|[1-9][0-9]*+)(?:\\.[0-9]++)?(?:[eE][+-]?[0-9]++)?");

  /** What is wrong with a text, as a clause. */
  public static final class Malformed extends Exception {
    private static final long serialVersionUID = 1;

    Malformed(String clause) {
      super(clause);
    }
  }

  private final String text;
  private final Matcher numeral;
  private int at;
  private int depth;
  private int values;

  private JsonParser(String text) {
    this.text = text;
    this.numeral = NUMERAL.matcher(text);
  }

  /** The value of a text. */
  public static Json parse(String text) throws Malformed {
    JsonParser parser = new JsonParser(text);
    parser.skipSpace();
    Json value = parser.value();
    parser.skipSpace();
    if (parser.at < text.length()) {
      throw parser.malformed("has more text after its value");
    }
    return value;
  }

  private Json value() throws Malformed {
    if (++values > MOST_VALUES) {
      throw malformed("has more than " + MOST_VALUES + " values");
    }
    switch (peek()) {
      case '{':
        return members();
      case '[':
        return items();
      case '"':
        return new Json.Text(string());
      case 't':
        return literal("true", Json.Literal.TRUE);
      case 'f':
        return literal("false", Json.Literal.FALSE);
      case 'n':
        return literal("null", Json.Literal.NULL);
      default:
        return numeral();
    }
  }

  private Json members() throws Malformed {
    enter();
    Map<String, Json> all = new LinkedHashMap<>();
    for (boolean more = begins('}'); more; more = continues('}')) {
      if (peek() != '"') {
        throw malformed("lacks the name of a member");
      }
      String name = string();
      skipSpace();
      require(':');
      skipSpace();
      if (all.put(name, value()) != null) {
        throw malformed("names '" + Printable.of(name, MOST_SHOWN) + "' twice");
      }
    }
    depth--;
    return new Json.Members(Collections.unmodifiableMap(all));
  }

  private Json items() throws Malformed {
    enter();
    List<Json> all = new ArrayList<>();
    for (boolean more = begins(']'); more; more = continues(']')) {
      all.add(value());
    }
    depth--;
    return new Json.Items(Collections.unmodifiableList(all));
  }

  private void enter() throws Malformed {
    if (++depth > MOST_DEPTH) {
      throw malformed("nests deeper than " + MOST_DEPTH + " levels");
    }
    at++;
    skipSpace();
  }

  /** Whether an object or array that was entered has a first element. */
  private boolean begins(char end) throws Malformed {
    if (peek() == end) {
      at++;
      return false;
    }
    return true;
  }

  /** Whether another element follows the one just read. */
  private boolean continues(char end) throws Malformed {
    skipSpace();
    if (peek() == end) {
      at++;
      return false;
    }
    require(',');
    skipSpace();
    return true;
  }

  private Json literal(String word, Json value) throws Malformed {
    if (!text.startsWith(word, at)) {
      throw malformed("has no value");
    }
    at += word.length();
    return value;
  }

  private Json numeral() throws Malformed {
    numeral.region(at, text.length());
    if (!numeral.lookingAt()) {
      throw malformed("has no value");
    }
    at = numeral.end();
    return new Json.Numeral(numeral.group());
  }

  private String string() throws Malformed {
    at++;
    int start = at;
    while (peek() != '"' && peek() != '\\') {
      if (text.charAt(at) < 0x20) {
        throw malformed("has a control character in a string");
      }
      at++;
    }
    if (text.charAt(at) == '"') {
      return text.substring(start, at++);
    }
    StringBuilder out = new StringBuilder().append(text, start, at);
    for (; peek() != '"'; at++) {
      char c = text.charAt(at);
      if (c < 0x20) {
        throw malformed("has a control character in a string");
      }
      out.append(c == '\\' ? escaped() : c);
    }
    at++;
    return out.toString();
  }

  /** The character of an escape; leaves {@code at} at its last character. */
  private char escaped() throws Malformed {
    at++;
    char c = peek();
    int simple = "\"\\/bfnrt".indexOf(c);
    if (simple >= 0) {
      return "\"\\/\b\f\n\r\t".charAt(simple);
    }
    int value = c == 'u' && at + 4 < text.length() ? 0 : -1;
    for (int i = 1; i <= 4 && value >= 0; i++) {
      char digit = text.charAt(at + i);
      int hex = digit < 0x80 ? Character.digit(digit, 16) : -1;
      value = hex < 0 ? -1 : value << 4 | hex;
    }
    if (value < 0) {
      throw malformed("has an escape that JSON does not know");
    }
    at += 4;
    return (char) value;
  }

  private char peek() throws Malformed {
    if (at >= text.length()) {
      throw malformed("ends too early");
    }
    return text.charAt(at);
  }

  private void require(char c) throws Malformed {
    if (peek() != c) {
      throw malformed("lacks '" + c + "'");
    }
    at++;
  }

  private void skipSpace() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private Malformed malformed(String clause) {
    return new Malformed(clause + " at character " + at);
  }
}
