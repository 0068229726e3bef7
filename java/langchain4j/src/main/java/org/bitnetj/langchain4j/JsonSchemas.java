package org.bitnetj.langchain4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import org.jspecify.annotations.Nullable;

/**
 * LangChain4j's schemas as JSON text. Objects have the properties that are declared and no others,
 * unless a schema was given as text: an answer becomes a Java object, which has no place for more.
 */
final class JsonSchemas {
  private static final ObjectMapper JSON = new ObjectMapper();

  private JsonSchemas() {}

  /** Of the arguments of a tool, which may have none. */
  static String ofArguments(@Nullable JsonObjectSchema parameters) {
    return text(parameters == null ? JsonObjectSchema.builder().build() : parameters);
  }

  static String text(JsonSchemaElement element) {
    if (element instanceof JsonRawSchema raw) {
      return raw.schema();
    }
    ObjectNode schema = JSON.valueToTree(JsonSchemaElementUtils.toMap(element));
    if (element instanceof JsonObjectSchema object && object.additionalProperties() != null) {
      schema.put("additionalProperties", object.additionalProperties());
    }
    close(schema);
    try {
      return JSON.writeValueAsString(schema);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static void close(JsonNode schema) {
    if (schema instanceof ObjectNode object
        && object.path("type").asText().equals("object")
        && object.has("properties")
        && !object.has("additionalProperties")) {
      object.put("additionalProperties", false);
    }
    schema.forEach(JsonSchemas::close);
  }
}
