package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
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

  /** What the schema of a property takes over from the one that it stands in. */
  private static final List<String> SHARED = List.of("$schema", "$defs", "definitions");

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
    for (Map.Entry<String, JsonNode> property : parameters.path("properties").properties()) {
      String name = property.getKey();
      if (!name.matches("[\\p{L}_][\\p{L}\\p{N}_]*")) {
        throw refusal(function, "by keywords, and '" + name + "' cannot be one");
      }
      arguments.add(
          new Argument(
              Grammar.sequence(
                  Grammar.text(name + "="), value(function, name, property.getValue())),
              required.remove(name)));
    }
    if (!required.isEmpty()) {
      String name = required.iterator().next();
      throw refusal(function, "by keywords, and '" + name + "' has no schema");
    }
    return first(arguments, 0);
  }

  private static GrammarException refusal(ObjectNode function, String how) {
    return new GrammarException(
        "parameters of " + CallGrammar.name(function) + ": this model writes arguments " + how);
  }

  private static Grammar value(ObjectNode function, String name, JsonNode schema) {
    JsonNode whole = schema.deepCopy();
    if (whole instanceof ObjectNode object) {
      for (String shared : SHARED) {
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

  /** The arguments from a place on, none of which has been written before it. */
  private static Grammar first(List<Argument> arguments, int from) {
    if (from == arguments.size()) {
      return Grammar.text("");
    }
    Argument argument = arguments.get(from);
    Grammar begun = Grammar.sequence(argument.written, others(arguments, from + 1));
    return argument.required ? begun : Grammar.choice(begun, first(arguments, from + 1));
  }

  /** The arguments from a place on, after others. */
  private static Grammar others(List<Argument> arguments, int from) {
    List<Grammar> parts = new ArrayList<>();
    for (Argument argument : arguments.subList(from, arguments.size())) {
      Grammar next = Grammar.sequence(Grammar.text(","), argument.written);
      parts.add(argument.required ? next : Grammar.optional(next));
    }
    return Grammar.sequence(parts);
  }
}
