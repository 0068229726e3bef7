package org.bitnetj.chat.jinja;

import java.util.Map;
import org.bitnetj.chat.jinja.Value.Bool;
import org.bitnetj.chat.jinja.Value.Dict;
import org.bitnetj.chat.jinja.Value.Int;
import org.bitnetj.chat.jinja.Value.Items;
import org.bitnetj.chat.jinja.Value.None;
import org.bitnetj.chat.jinja.Value.Real;

/** The filter {@code tojson}, as Python's {@code json.dumps} with {@code ensure_ascii=False}. */
final class Json {
  private final Text.Builder out = new Text.Builder();
  private final Budget budget;
  private final Arguments arguments;
  private final int indent;

  private Json(Arguments arguments, int indent) {
    this.arguments = arguments;
    this.budget = arguments.budget();
    this.indent = indent;
  }

  static Text write(Value value, Arguments arguments) {
    arguments.atMost(1, "indent", "ensure_ascii");
    boolean lines = arguments.get(0, "indent", None.NONE) != None.NONE;
    Json json =
        new Json(arguments, lines ? Math.clamp(arguments.integer(0, "indent", 0), 0, 16) : -1);
    json.value(value, 0);
    return json.out.build();
  }

  private void value(Value value, int depth) {
    budget.step();
    switch (value) {
      case Text text -> string(text);
      case Int n -> plain(Long.toString(n.value()));
      case Real r -> plain(Double.toString(r.value()));
      case Bool b -> plain(b == Bool.TRUE ? "true" : "false");
      case None n -> plain("null");
      case Items list -> {
        plain("[");
        String separator = "";
        for (Value item : list.items()) {
          plain(separator);
          newline(depth + 1);
          value(item, depth + 1);
          separator = indent < 0 ? ", " : ",";
        }
        close(list.items().isEmpty(), depth, "]");
      }
      case Dict dict -> {
        plain("{");
        String separator = "";
        for (Map.Entry<Text, Value> entry : dict.entries().entrySet()) {
          plain(separator);
          newline(depth + 1);
          string(entry.getKey());
          plain(": ");
          value(entry.getValue(), depth + 1);
          separator = indent < 0 ? ", " : ",";
        }
        close(dict.entries().isEmpty(), depth, "}");
      }
      default -> throw arguments.error("does not go with " + Values.kind(value));
    }
  }

  private void close(boolean empty, int depth, String bracket) {
    if (!empty) {
      newline(depth);
    }
    plain(bracket);
  }

  private void newline(int depth) {
    if (indent >= 0) {
      plain("\n" + " ".repeat(indent * depth));
    }
  }

  private void plain(String text) {
    budget.characters(text.length());
    out.append(text, true);
  }

  private void string(Text text) {
    plain("\"");
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.chars().charAt(i);
      if (c < 0x20 || c == '"' || c == '\\') {
        out.append(text, from, i);
        plain(escape(c));
        from = i + 1;
      }
    }
    budget.characters(text.length());
    out.append(text, from, text.length());
    plain("\"");
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
      default -> "\\u%04x".formatted((int) c);
    };
  }
}
