package org.bitnetj.constraint.schema;

import static org.bitnetj.constraint.schema.SchemaDocument.below;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bitnetj.source.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * Writes alternatives that do nothing but list scalars as one that lists them all. So thousands of
 * constants are one automaton, and no pair of them has to be looked at.
 */
final class ConstantAlternatives {
  /** What may stand beside the values: it only describes. */
  private static final Set<String> DESCRIBING =
      Set.of(
          "title",
          "description",
          "$comment",
          "default",
          "examples",
          "deprecated",
          "readOnly",
          "writeOnly");

  private ConstantAlternatives() {}

  /**
   * The same alternatives, those that list scalars as one. Where exactly one alternative must hold,
   * those that have a value in common stay as they are.
   *
   * @param keyword {@code anyOf} or {@code oneOf}
   * @param pointer of the schema that has it
   */
  static List<Term> merged(
      List<Term> terms, String keyword, String pointer, SchemaDocument document) {
    List<List<Json>> listed =
        terms.stream().map(term -> scalars(term.json())).toList(); // empty if it says more
    Map<Object, Integer> alternatives = new HashMap<>();
    for (List<Json> values : listed) {
      Set<Object> own = new HashSet<>();
      values.forEach(value -> own.add(key(value, keyword, pointer)));
      own.forEach(value -> alternatives.merge(value, 1, Integer::sum));
    }
    List<Json> together = new ArrayList<>();
    List<Term> result = new ArrayList<>();
    for (int i = 0; i < terms.size(); i++) {
      List<Json> values = listed.get(i);
      boolean unique =
          values.stream().allMatch(v -> alternatives.get(key(v, keyword, pointer)) == 1);
      if (values.isEmpty() || keyword.equals("oneOf") && !unique) {
        result.add(terms.get(i));
      } else {
        together.addAll(values);
      }
    }
    if (!together.isEmpty()) {
      Json values = new Json.Members(Map.of("enum", new Json.Items(together)));
      result.addFirst(document.term(values, below(pointer, keyword)));
    }
    return result;
  }

  /** The values of a schema that says nothing but that it is one of these scalars, else none. */
  private static List<Json> scalars(Json schema) {
    if (!(schema instanceof Json.Members(Map<String, Json> all))) {
      return List.of();
    }
    List<Json> values = List.of();
    for (Map.Entry<String, Json> member : all.entrySet()) {
      switch (member.getKey()) {
        case "const" -> values = List.of(member.getValue());
        case "enum" ->
            values = member.getValue() instanceof Json.Items(List<Json> some) ? some : List.of();
        case "type" -> {}
        default -> {
          if (!DESCRIBING.contains(member.getKey())) {
            return List.of();
          }
        }
      }
    }
    Json type = all.get("type");
    boolean plain =
        !(all.containsKey("const") && all.containsKey("enum"))
            && values.stream().allMatch(value -> isScalar(value, type));
    return plain ? values : List.of();
  }

  /**
   * @param type what the schema says of types, null if nothing
   */
  private static boolean isScalar(Json value, @Nullable Json type) {
    boolean any = type == null;
    String name = type instanceof Json.Text(String text) ? text : "";
    return switch (value) {
      case Json.Text _ -> any || name.equals("string");
      case Json.Literal literal ->
          any || name.equals(literal == Json.Literal.NULL ? "null" : "boolean");
      case Json.Numeral(String text) ->
          any || name.equals("number") || name.equals("integer") && text.matches("-?[0-9]+");
      case Json.Items _, Json.Members _ -> false;
    };
  }

  /** Equal for values that are equal: 1.0 is 1. */
  private static Object key(Json value, String keyword, String pointer) {
    return value instanceof Json.Numeral(String text)
        ? ListedValues.decimal(text, keyword, pointer).stripTrailingZeros()
        : value;
  }
}
