package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.error.GrammarException;

/**
 * What an answer must be by a request's {@code response_format}, {@code text.format} or {@code
 * structured_outputs}.
 */
final class OutputFormat {
  /** The field of vLLM. */
  static final String STRUCTURED = "structured_outputs";

  private static final int MOST_CHOICES = 1024;

  private OutputFormat() {}

  /**
   * @param format the object with the {@code type}
   * @param nested whether a schema is in an object {@code json_schema} of it, as in {@code
   *     /v1/chat/completions}; else beside the type, as in {@code /v1/responses}
   * @return empty for free text
   * @throws ApiException if it is none that answers can be held to
   */
  static Optional<Grammar> read(Fields format, boolean nested) {
    String type = format.requiredText("type");
    Optional<Grammar> grammar =
        switch (type) {
          case "text" -> Optional.empty();
          case "json_object" -> Optional.of(Grammar.jsonObject());
          case "json_schema" -> {
            Fields place =
                nested
                    ? format.object("json_schema").orElseThrow(() -> format.missing("json_schema"))
                    : format;
            Grammar of = schema(place);
            place.finish();
            yield Optional.of(of);
          }
          default -> throw format.wrong("type", "must be text, json_object or json_schema");
        };
    format.finish();
    return grammar;
  }

  /**
   * vLLM's {@link #STRUCTURED}: one of {@code choice}, {@code regex} and {@code json}.
   *
   * @throws ApiException if it has none of these or several, or answers cannot be held to it
   */
  static Grammar structured(Fields outputs) {
    List<Grammar> grammars = new ArrayList<>();
    outputs.any("choice").ifPresent(list -> grammars.add(choice(outputs, list)));
    outputs
        .text("regex")
        .ifPresent(
            regex -> grammars.add(checked(outputs.name("regex"), () -> Grammar.regex(regex))));
    outputs
        .any("json")
        .ifPresent(
            schema -> // vLLM takes one as an object or as its text
            grammars.add(
                    jsonSchema(
                        outputs.name("json"),
                        schema.isTextual() ? schema.textValue() : schema.toString())));
    outputs.finish();
    if (grammars.size() != 1) {
      throw ApiException.field(
          STRUCTURED, STRUCTURED + " must have one of choice, regex and json.");
    }
    return grammars.getFirst();
  }

  private static Grammar choice(Fields outputs, JsonNode list) {
    List<String> texts = outputs.texts("choice");
    if (!list.isArray() || texts.isEmpty() || texts.size() > MOST_CHOICES) {
      throw outputs.wrong("choice", "must be an array of 1 to " + MOST_CHOICES + " strings");
    }
    return checked(
        outputs.name("choice"), () -> Grammar.choice(texts.stream().map(Grammar::text).toList()));
  }

  private static Grammar schema(Fields place) {
    place.ignore("name", "description", "strict"); // every answer is strictly of its schema
    JsonNode schema = place.any("schema").orElseThrow(() -> place.missing("schema"));
    return jsonSchema(place.name("schema"), schema.toString());
  }

  private static Grammar jsonSchema(String field, String schema) {
    return checked(field, () -> Grammar.jsonSchema(schema));
  }

  private static Grammar checked(String field, Supplier<Grammar> grammar) {
    try {
      return grammar.get();
    } catch (GrammarException e) {
      throw ApiException.field(field, field + ": " + e.getMessage());
    }
  }
}
