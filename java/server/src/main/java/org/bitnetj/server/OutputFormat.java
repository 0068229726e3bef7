package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.error.GrammarException;

/** What an answer must be by a request's {@code response_format}, or {@code text.format}. */
final class OutputFormat {
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

  private static Grammar schema(Fields place) {
    place.ignore("name", "description", "strict"); // every answer is strictly of its schema
    JsonNode schema = place.any("schema").orElseThrow(() -> place.missing("schema"));
    try {
      return Grammar.jsonSchema(schema.toString());
    } catch (GrammarException e) {
      throw ApiException.field(place.name("schema"), place.name("schema") + ": " + e.getMessage());
    }
  }
}
