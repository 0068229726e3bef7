package org.bitnetj.constraint.schema;

import static org.bitnetj.constraint.schema.SchemaDocument.below;
import static org.bitnetj.constraint.schema.SchemaDocument.refusal;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bitnetj.constraint.automaton.StringSpelling;
import org.bitnetj.source.json.Json;

/**
 * The values that a schema lists. Strings and numbers stay a list; an array or object becomes a
 * schema that it has and nothing else.
 */
final class ListedValues {
  private ListedValues() {}

  /** Says in {@code words} that no other values are allowed. */
  static void add(List<Json> values, String keyword, Keywords words, SchemaDocument document) {
    int types = 0;
    Set<String> strings = new LinkedHashSet<>();
    List<BigDecimal> numbers = new ArrayList<>();
    List<Term> alternatives = new ArrayList<>();
    for (Json value : values) {
      switch (value) {
        case Json.Literal literal ->
            types |=
                switch (literal) {
                  case NULL -> Keywords.NULL;
                  case TRUE -> Keywords.TRUE;
                  case FALSE -> Keywords.FALSE;
                };
        case Json.Text(String text) -> {
          if (!StringSpelling.isSpellable(text)) {
            throw refusal(keyword, words.pointer, "has a surrogate without its partner");
          }
          types |= Keywords.STRING;
          strings.add(text);
        }
        case Json.Numeral(String text) -> {
          types |= Keywords.NUMBER;
          BigDecimal number = decimal(text, keyword, words.pointer).stripTrailingZeros();
          numbers.add(number);
          words.written.put(number, text);
        }
        case Json.Items(List<Json> items) ->
            alternatives.add(document.term(exactly(items), words.pointer));
        case Json.Members(Map<String, Json> members) ->
            alternatives.add(document.term(exactly(members), words.pointer));
      }
    }
    if (!alternatives.isEmpty()) {
      if (types != 0) {
        Json scalars = texts(List.of("null", "boolean", "number", "string"));
        alternatives.add(document.term(new Json.Members(Map.of("type", scalars)), words.pointer));
      }
      words.choices.add(new Keywords.Choice(alternatives, false, below(words.pointer, keyword)));
      types |= Keywords.ARRAY | Keywords.OBJECT;
    }
    words.types &= types;
    words.strings = strings;
    words.numbers = numbers;
  }

  private static Json exactly(List<Json> items) {
    Json count = new Json.Numeral(Integer.toString(items.size()));
    return new Json.Members(
        Map.of(
            "type",
            new Json.Text("array"),
            "prefixItems",
            new Json.Items(items.stream().map(ListedValues::constant).toList()),
            "minItems",
            count,
            "maxItems",
            count));
  }

  private static Json exactly(Map<String, Json> members) {
    Map<String, Json> constants = new LinkedHashMap<>();
    members.forEach((name, value) -> constants.put(name, constant(value)));
    return new Json.Members(
        Map.of(
            "type",
            new Json.Text("object"),
            "properties",
            new Json.Members(constants),
            "required",
            texts(members.keySet()),
            "additionalProperties",
            Json.Literal.FALSE));
  }

  private static Json constant(Json value) {
    return new Json.Members(Map.of("const", value));
  }

  static Json texts(Collection<String> texts) {
    return new Json.Items(texts.stream().<Json>map(Json.Text::new).toList());
  }

  /**
   * Whether a scalar can be written: a string has no half of a pair, a number not too many digits.
   */
  static boolean isSupported(Json value) {
    return switch (value) {
      case Json.Text(String text) -> StringSpelling.isSpellable(text);
      case Json.Numeral(String text) -> exact(text).isPresent();
      case Json.Literal _ -> true;
      case Json.Items _, Json.Members _ -> false;
    };
  }

  /** A number, exactly. */
  static BigDecimal decimal(String text, String keyword, String pointer) {
    return exact(text)
        .orElseThrow(
            () ->
                refusal(
                    keyword,
                    pointer,
                    "has a number of more than " + Ranges.MOST_DIGITS + " digits"));
  }

  /** A number, exactly; empty if it has more than {@link Ranges#MOST_DIGITS} digits. */
  static Optional<BigDecimal> exact(String text) {
    if (text.length() > Ranges.MOST_DIGITS) {
      return Optional.empty();
    }
    try {
      return Optional.of(new BigDecimal(text))
          .filter(value -> value.scale() <= Ranges.MOST_DIGITS)
          .filter(value -> value.scale() >= -Ranges.MOST_DIGITS); // no abs: of the least int none
    } catch (NumberFormatException e) { // an exponent beyond what an int holds
      return Optional.empty();
    }
  }
}
