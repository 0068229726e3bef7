package org.bitnetj.constraint.schema;

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
   * The same alternatives, those that list scalars as one, which is where the first of them is.
   * Where exactly one alternative must hold, those that have a value in common stay as they are.
   */
  static List<Term> merged(List<Term> terms, boolean exactlyOne, SchemaDocument document) {
    List<List<Json>> listed =
        terms.stream().map(term -> scalars(term.json())).toList(); // empty if it says more
    Set<Term> overlapping = exactlyOne ? overlapping(terms, listed) : Set.of();
    List<Json> together = new ArrayList<>();
    List<Term> merged = new ArrayList<>();
    List<Term> result = new ArrayList<>();
    for (int i = 0; i < terms.size(); i++) {
      if (listed.get(i).isEmpty() || overlapping.contains(terms.get(i))) {
        result.add(terms.get(i));
      } else {
        merged.add(terms.get(i));
        together.addAll(listed.get(i));
      }
    }
    if (merged.size() > 1) {
      Json values = new Json.Members(Map.of("enum", new Json.Items(together)));
      result.addFirst(document.term(values, merged.getFirst().pointer()));
    } else {
      result.addAll(0, merged);
    }
    return result;
  }

  /** Those that list a value that another one lists too. */
  private static Set<Term> overlapping(List<Term> terms, List<List<Json>> listed) {
    Map<Object, Integer> firsts = new HashMap<>();
    Set<Term> found = new HashSet<>();
    for (int i = 0; i < terms.size(); i++) {
      for (Json value : listed.get(i)) {
        Integer first = firsts.putIfAbsent(key(value), i);
        if (first != null && first != i) {
          found.add(terms.get(first));
          found.add(terms.get(i));
        }
      }
    }
    return found;
  }

  /**
   * The values of a schema that says nothing but that it is one of these scalars, else none. A
   * schema with a value that is not supported stays as it is, so that it is refused in its place.
   */
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
            && values.stream()
                .allMatch(value -> isScalar(value, type) && ListedValues.isSupported(value));
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
  private static Object key(Json value) {
    return value instanceof Json.Numeral(String text)
        ? ListedValues.exact(text).orElseThrow().stripTrailingZeros()
        : value;
  }
}
