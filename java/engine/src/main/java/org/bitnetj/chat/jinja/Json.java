package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.bitnetj.chat.jinja.Value.Big;
import org.bitnetj.chat.jinja.Value.Bool;
import org.bitnetj.chat.jinja.Value.Dict;
import org.bitnetj.chat.jinja.Value.Int;
import org.bitnetj.chat.jinja.Value.Items;
import org.bitnetj.chat.jinja.Value.None;
import org.bitnetj.chat.jinja.Value.Real;

/**
 * The filter {@code tojson} of Hugging Face's chat templates: Python's {@code json.dumps}, with
 * {@code ensure_ascii} off by default.
 */
final class Json {
  private final Budget budget;
  private final Arguments arguments;
  private final Text.Builder out;
  private final boolean ascii;
  private final boolean sorted;

  /** Spaces per level, or −1 to write all on one line. */
  private final int indent;

  private final Text itemSeparator;
  private final Text keySeparator;

  private Json(Arguments arguments) {
    this.arguments = arguments;
    budget = arguments.budget();
    out = new Text.Builder(budget);
    arguments.atMost(4, "ensure_ascii", "indent", "separators", "sort_keys");
    ascii = Values.isTrue(arguments.get(0, "ensure_ascii", Bool.FALSE));
    boolean lines = arguments.get(1, "indent", None.NONE) != None.NONE;
    indent = lines ? Math.clamp(arguments.integer(1, "indent", 0), 0, 16) : -1;
    sorted = Values.isTrue(arguments.get(3, "sort_keys", Bool.FALSE));
    Value separators = arguments.get(2, "separators", None.NONE);
    if (separators == None.NONE) {
      itemSeparator = Text.trusted(lines ? "," : ", ");
      keySeparator = Text.trusted(": ");
    } else if (separators instanceof Items pair
        && pair.items().size() == 2
        && pair.items().get(0) instanceof Text first
        && pair.items().get(1) instanceof Text second) {
      itemSeparator = first;
      keySeparator = second;
    } else {
      throw arguments.error("needs two strings as 'separators'");
    }
  }

  static Text write(Value value, Arguments arguments) {
    Json json = new Json(arguments);
    json.value(value, 0);
    return json.out.build();
  }

  private void value(Value value, int depth) {
    budget.enter();
    switch (value) {
      case Text text -> string(text);
      case Items list -> {
        out.append("[", true);
        boolean first = true;
        for (Value item : list.items()) {
          begin(first, depth + 1);
          value(item, depth + 1);
          first = false;
        }
        end(first, depth, "]");
      }
      case Dict dict -> {
        out.append("{", true);
        boolean first = true;
        for (Map.Entry<Value, Value> entry : entries(dict)) {
          begin(first, depth + 1);
          string(entry.getKey() instanceof Text t ? t : Text.trusted(scalar(entry.getKey())));
          out.append(keySeparator);
          value(entry.getValue(), depth + 1);
          first = false;
        }
        end(first, depth, "}");
      }
      default -> out.append(scalar(value), true);
    }
    budget.leave();
  }

  private String scalar(Value value) {
    return switch (value) {
      case Int n -> Long.toString(n.value());
      case Big n -> n.digits();
      case Real r -> real(r.value());
      case Bool b -> b == Bool.TRUE ? "true" : "false";
      case None n -> "null";
      default -> throw arguments.error("does not go with " + Values.kind(value));
    };
  }

  private static String real(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    return Double.isInfinite(value) ? Double.toString(value) : Numbers.print(value);
  }

  private Iterable<Map.Entry<Value, Value>> entries(Dict dict) {
    if (!sorted) {
      return dict.entries().entrySet();
    }
    List<Map.Entry<Value, Value>> entries = new ArrayList<>(dict.entries().entrySet());
    entries.sort((a, b) -> Values.compare(a.getKey(), b.getKey(), budget, arguments.line()));
    return entries;
  }

  private void begin(boolean first, int depth) {
    if (!first) {
      out.append(itemSeparator);
    }
    newline(depth);
  }

  private void end(boolean empty, int depth, String bracket) {
    if (!empty) {
      newline(depth);
    }
    out.append(bracket, true);
  }

  private void newline(int depth) {
    if (indent >= 0) {
      out.append("\n" + " ".repeat(indent * depth), true);
    }
  }

  private void string(Text text) {
    out.append("\"", true);
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.chars().charAt(i);
      if (c < 0x20 || c == '"' || c == '\\' || (ascii && c > 0x7e)) {
        out.append(text, from, i).append(escape(c), true);
        from = i + 1;
      }
    }
    out.append(text, from, text.length()).append("\"", true);
  }

  private static String escape(char c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\b' -> "\\b";
      case '\f' -> "\\f";
      default -> "\\u" + HexFormat.of().toHexDigits(c);
    };
  }
}
