package org.bitnetj.chat.jinja;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bitnetj.source.json.Json;

/** JSON as Python's {@code json.loads} reads it; all strings in it are untrusted. */
final class JsonValues {
  private JsonValues() {}

  static Value of(Json json) {
    return switch (json) {
      case Json.Members members -> {
        Map<Value, Value> entries = new LinkedHashMap<>();
        members.all().forEach((name, value) -> entries.put(Text.of(name, false), of(value)));
        yield new Value.Dict(entries, false);
      }
      case Json.Items items -> new Value.Items(items.all().stream().map(JsonValues::of).toList());
      case Json.Text text -> Text.of(text.value(), false);
      case Json.Numeral numeral -> number(numeral.text());
      case Json.Literal literal ->
          literal == Json.Literal.NULL
              ? Value.None.NONE
              : Value.Bool.of(literal == Json.Literal.TRUE);
    };
  }

  private static Value number(String numeral) {
    try {
      return new Value.Int(Long.parseLong(numeral));
    } catch (NumberFormatException e) {
      boolean whole = numeral.chars().noneMatch(c -> c == '.' || c == 'e' || c == 'E');
      return whole ? new Value.Big(numeral) : new Value.Real(Double.parseDouble(numeral));
    }
  }

  /** How many characters the strings have together. */
  static long characters(Json json) {
    return switch (json) {
      case Json.Members members ->
          members.all().entrySet().stream()
              .mapToLong(entry -> entry.getKey().length() + characters(entry.getValue()))
              .sum();
      case Json.Items items -> items.all().stream().mapToLong(JsonValues::characters).sum();
      case Json.Text text -> text.value().length();
      case Json.Numeral numeral -> numeral.text().length();
      case Json.Literal literal -> 1;
    };
  }
}
