package org.bitnetj.constraint;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON as RFC 8259 has it, written anew for tests: null, Boolean, BigDecimal, String, List and Map.
 */
final class NaiveJson {
  /** How values are written. */
  enum Style {
    /** Without white space; numbers without exponent. */
    COMPACT,
    /** With a space after commas and colons, as Python's json.dumps does; numbers as read. */
    SPACED,
    /** As that, and with everything beyond ASCII escaped, but for names. */
    ESCAPED,
    /** On lines, indented by two spaces. */
    INDENTED
  }

  static final class Malformed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Malformed(String message) {
      super(message);
    }
  }

  private final String text;
  private int at;

  private NaiveJson(String text) {
    this.text = text;
  }

  static Object parse(String text) {
    NaiveJson json = new NaiveJson(text);
    Object value = json.value();
    json.space();
    if (json.at != text.length()) {
      throw new Malformed("text after the value at " + json.at);
    }
    return value;
  }

  private Object value() {
    space();
    if (at == text.length()) {
      throw new Malformed("no value");
    }
    char c = text.charAt(at);
    if (c == '{') {
      Map<String, Object> members = new LinkedHashMap<>();
      at++;
      space();
      if (take('}')) {
        return members;
      }
      do {
        space();
        String name = string();
        space();
        expect(':');
        if (members.containsKey(name)) {
          throw new Malformed("two members are named " + name);
        }
        members.put(name, value());
        space();
      } while (take(','));
      expect('}');
      return members;
    }
    if (c == '[') {
      List<Object> items = new ArrayList<>();
      at++;
      space();
      if (take(']')) {
        return items;
      }
      do {
        items.add(value());
        space();
      } while (take(','));
      expect(']');
      return items;
    }
    if (c == '"') {
      return string();
    }
    for (String word : List.of("null", "true", "false")) {
      if (text.startsWith(word, at)) {
        at += word.length();
        return word.equals("null") ? null : Boolean.valueOf(word);
      }
    }
    int start = at;
    while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    String number = text.substring(start, at);
    if (!number.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
      throw new Malformed("no number: " + number);
    }
    return new BigDecimal(number);
  }

  private String string() {
    expect('"');
    StringBuilder out = new StringBuilder();
    while (!take('"')) {
      if (at == text.length() || text.charAt(at) < ' ') {
        throw new Malformed("a string at " + at);
      }
      char c = text.charAt(at++);
      if (c != '\\') {
        out.append(c);
        continue;
      }
      char escape = text.charAt(at++);
      if (escape == 'u') {
        out.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
        at += 4;
      } else {
        int index = "\"\\/bfnrt".indexOf(escape);
        if (index < 0) {
          throw new Malformed("an escape at " + at);
        }
        out.append("\"\\/\b\f\n\r\t".charAt(index));
      }
    }
    String string = out.toString();
    if (string.codePoints().anyMatch(cp -> cp >= 0xD800 && cp < 0xE000)) {
      throw new Malformed("a surrogate without its partner");
    }
    return string;
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private boolean take(char c) {
    boolean there = at < text.length() && text.charAt(at) == c;
    at += there ? 1 : 0;
    return there;
  }

  private void expect(char c) {
    if (!take(c)) {
      throw new Malformed("no " + c + " at " + at);
    }
  }

  static String write(Object value, Style style) {
    StringBuilder out = new StringBuilder();
    write(value, style, 0, out);
    return out.toString();
  }

  private static void write(Object value, Style style, int depth, StringBuilder out) {
    String separator = style == Style.COMPACT ? "," : style == Style.INDENTED ? "," : ", ";
    String line = style == Style.INDENTED ? "\n" + "  ".repeat(depth + 1) : "";
    String last = style == Style.INDENTED ? "\n" + "  ".repeat(depth) : "";
    switch (value) {
      case Map<?, ?> members -> {
        String before = "{" + (members.isEmpty() ? "" : line);
        for (Map.Entry<?, ?> member : members.entrySet()) {
          out.append(before);
          string((String) member.getKey(), false, out);
          out.append(style == Style.COMPACT ? ":" : ": ");
          write(member.getValue(), style, depth + 1, out);
          before = separator + line;
        }
        out.append(members.isEmpty() ? "{}" : last + "}");
      }
      case List<?> items -> {
        String before = "[" + (items.isEmpty() ? "" : line);
        for (Object item : items) {
          out.append(before);
          write(item, style, depth + 1, out);
          before = separator + line;
        }
        out.append(items.isEmpty() ? "[]" : last + "]");
      }
      case String string -> string(string, style == Style.ESCAPED, out);
      case BigDecimal number ->
          out.append(
              style == Style.COMPACT
                  ? number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString()
                  : number.toString());
      case null, default -> out.append(value);
    }
  }

  private static void string(String string, boolean ascii, StringBuilder out) {
    out.append('"');
    for (char c : string.toCharArray()) {
      int escape = "\"\\\b\f\n\r\t".indexOf(c);
      if (escape >= 0) {
        out.append('\\').append("\"\\bfnrt".charAt(escape));
      } else if (c < ' ' || (ascii && c > '~')) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }
}
