package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.error.GrammarException;

/**
 * The arguments of a function as {@code name=value,name=value}, in the order of its properties. The
 * values are JSON of the properties' schemas. Arguments that are no properties are not written,
 * even where the schema allows them.
 */
final class KeywordArguments {
  /** What says more of an object than which properties it has, and what each is. */
  private static final List<String> NOT_EXPRESSED =
      List.of(
          "$ref",
          "$dynamicRef",
          "allOf",
          "anyOf",
          "oneOf",
          "not",
          "if",
          "then",
          "else",
          "const",
          "enum",
          "patternProperties",
          "propertyNames",
          "minProperties",
          "maxProperties",
          "unevaluatedProperties",
          "dependentRequired",
          "dependentSchemas",
          "dependencies");

  /** Any may come next: a state of a constraint has so many places, entered one within another. */
  private static final int MOST_ARGUMENTS = 250;

  /** What the schema of a property takes over from the one that it stands in. */
  private static final List<String> SHARED = List.of("$schema", "$defs", "definitions");

  /** The same for one without references. */
  private static final List<String> DIALECT = List.of("$schema");

  private record Argument(Grammar written, boolean required) {}

  private KeywordArguments() {}

  /**
   * What may stand between the parentheses of a call.
   *
   * @throws GrammarException if the schema says more than this can express
   */
  static Grammar of(ObjectNode function) {
    CallGrammar.arguments(function); // which must be a schema that is supported
    ObjectNode parameters = (ObjectNode) function.get("parameters");
    for (String keyword : NOT_EXPRESSED) {
      if (parameters.has(keyword)) {
        throw refusal(function, "by keywords that cannot be held to '" + keyword + "'");
      }
    }
    Set<String> required = new HashSet<>();
    parameters.path("required").forEach(name -> required.add(name.textValue()));
    List<Argument> arguments = new ArrayList<>();
    if (parameters.path("properties").size() > MOST_ARGUMENTS) {
      throw refusal(function, "by keywords, at most " + MOST_ARGUMENTS);
    }
    Map<String, Grammar> values = new HashMap<>(); // by schema: many properties may be alike
    for (Map.Entry<String, JsonNode> property : parameters.path("properties").properties()) {
      String name = property.getKey();
      if (!name.matches("[\\p{L}_][\\p{L}\\p{N}_]*")) {
        throw refusal(function, "by keywords, and '" + name + "' cannot be one");
      }
      Grammar value =
          values.computeIfAbsent(
              property.getValue().toString(), _ -> value(function, name, property.getValue()));
      arguments.add(
          new Argument(Grammar.sequence(Grammar.text(name + "="), value), required.remove(name)));
    }
    if (!required.isEmpty()) {
      String name = required.iterator().next();
      throw refusal(function, "by keywords, and '" + name + "' has no schema");
    }
    if (arguments.isEmpty()) {
      return Grammar.text("");
    }
    Some some = some(arguments);
    return some.required ? some.begun : Grammar.optional(some.begun);
  }

  private static GrammarException refusal(ObjectNode function, String how) {
    return new GrammarException(
        "parameters of " + CallGrammar.name(function) + ": this model writes arguments " + how);
  }

  private static Grammar value(ObjectNode function, String name, JsonNode schema) {
    JsonNode whole = schema.deepCopy();
    if (whole instanceof ObjectNode object) {
      boolean refers = !object.findValues("$ref").isEmpty();
      for (String shared : refers ? SHARED : DIALECT) {
        JsonNode value = function.get("parameters").get(shared);
        if (value != null) {
          object.set(shared, value); // references of the property mean these, not its own
        }
      }
    }
    requireNear(function, whole);
    try {
      return Grammar.jsonSchema(whole.toString());
    } catch (GrammarException e) {
      throw new GrammarException(
          "parameters of " + CallGrammar.name(function) + ": " + name + ": " + e.getMessage());
    }
  }

  /** A reference must mean the same in the schema of the property alone. */
  private static void requireNear(ObjectNode function, JsonNode schema) {
    for (JsonNode reference : schema.findValues("$ref")) {
      if (reference.isTextual() && !reference.textValue().matches("#/(\\$defs|definitions)/.*")) {
        throw refusal(function, "one by one, without '$ref' to " + reference);
      }
    }
  }

  /**
   * Some arguments, one at least. Halves share their grammars, so that the size of all is little
   * more than linear.
   */
  private static Some some(List<Argument> arguments) {
    Argument first = arguments.getFirst();
    if (arguments.size() == 1) {
      Grammar next = Grammar.sequence(Grammar.text(","), first.written);
      return new Some(
          first.written, first.required ? next : Grammar.optional(next), first.required);
    }
    int half = arguments.size() / 2;
    Some left = some(arguments.subList(0, half));
    Some right = some(arguments.subList(half, arguments.size()));
    Grammar both = Grammar.sequence(left.begun, right.others);
    return new Some(
        left.required ? both : Grammar.choice(both, right.begun),
        Grammar.sequence(left.others, right.others),
        left.required || right.required);
  }

  /**
   * Arguments in order.
   *
   * @param begun one or more of them
   * @param others any that may be, each after a comma
   * @param required whether one is required
   */
  private record Some(Grammar begun, Grammar others, boolean required) {}
}
