package org.bitnetj.langchain4j;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.json.JsonAnyOfSchema;
import dev.langchain4j.model.chat.request.json.JsonArraySchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import org.jspecify.annotations.Nullable;

/**
 * LangChain4j's schemas as JSON text. An object that declares properties has no others, unless it
 * says so or is given as text: an answer becomes a Java object, which has no place for more. One
 * that declares none is a map.
 */
final class JsonSchemas {
  private static final ObjectMapper JSON = new ObjectMapper();

  private JsonSchemas() {}

  /** Of the arguments of a tool, which may have none. */
  static String ofArguments(@Nullable JsonObjectSchema parameters) {
    JsonObjectSchema.Builder builder =
        parameters == null ? JsonObjectSchema.builder() : parameters.toBuilder();
    return text(
        parameters == null || parameters.additionalProperties() == null
            ? builder.additionalProperties(false).build()
            : parameters);
  }

  static String text(JsonSchemaElement element) {
    if (element instanceof JsonRawSchema raw) {
      return raw.schema();
    }
    JsonNode schema = JSON.valueToTree(JsonSchemaElementUtils.toMap(element));
    close(element, schema);
    return schema.toString();
  }

  private static void close(JsonSchemaElement element, JsonNode schema) {
    switch (element) {
      case JsonObjectSchema object -> {
        Boolean more = object.additionalProperties();
        if (more != null || !object.properties().isEmpty()) {
          ((ObjectNode) schema).put("additionalProperties", Boolean.TRUE.equals(more));
        }
        object.properties().forEach((name, e) -> close(e, schema.at("/properties").path(name)));
        object.definitions().forEach((name, e) -> close(e, schema.at("/$defs").path(name)));
      }
      case JsonArraySchema array when array.items() != null ->
          close(array.items(), schema.path("items"));
      case JsonAnyOfSchema any -> {
        for (int i = 0; i < any.anyOf().size(); i++) {
          close(any.anyOf().get(i), schema.path("anyOf").path(i));
        }
      }
      default -> {
        return; // has no objects within
      }
    }
  }
}
