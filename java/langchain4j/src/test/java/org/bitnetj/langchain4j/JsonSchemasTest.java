package org.bitnetj.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.model.chat.request.json.JsonAnyOfSchema;
import dev.langchain4j.model.chat.request.json.JsonArraySchema;
import dev.langchain4j.model.chat.request.json.JsonNullSchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonReferenceSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.langchain4j.model.chat.request.json.JsonStringSchema;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonSchemasTest {
  private static void becomes(String expected, JsonSchemaElement element) throws Exception {
    ObjectMapper json = new ObjectMapper();
    assertEquals(json.readTree(expected), json.readTree(JsonSchemas.text(element)));
  }

  private static JsonObjectSchema.Builder named() {
    return JsonObjectSchema.builder().addStringProperty("name").required("name");
  }

  @Test
  void objectsWithPropertiesHaveNoOthers() throws Exception {
    String closed =
        """
        {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"],
         "additionalProperties": false}\
        """;
    becomes(closed, named().build());
    becomes(
        """
        {"type": "object", "properties": {
           "all": {"type": "array", "items": %1$s},
           "one": {"anyOf": [%1$s, {"type": "null"}]},
           "next": {"$ref": "#/$defs/self"}},
         "required": [], "additionalProperties": false, "$defs": {"self": %1$s}}\
        """
            .formatted(closed),
        JsonObjectSchema.builder()
            .addProperty("all", JsonArraySchema.builder().items(named().build()).build())
            .addProperty(
                "one",
                JsonAnyOfSchema.builder().anyOf(named().build(), new JsonNullSchema()).build())
            .addProperty("next", JsonReferenceSchema.builder().reference("self").build())
            .definitions(Map.of("self", named().build()))
            .build());
  }

  @Test
  void objectsThatSayTheyMayHaveOthersAndMapsHave() throws Exception {
    becomes(
        """
        {"type": "object", "properties": {"inner": {"type": "object",
           "properties": {"name": {"type": "string"}}, "required": ["name"],
           "additionalProperties": true}, "map": {"type": "object", "properties": {},
           "required": []}}, "required": [], "additionalProperties": false}\
        """,
        JsonObjectSchema.builder()
            .addProperty("inner", named().additionalProperties(true).build())
            .addProperty("map", JsonObjectSchema.builder().build())
            .build());
  }

  @Test
  void schemasThatAreTextStayAsTheyAre() throws Exception {
    String raw = "{\"type\": \"object\", \"properties\": {\"a\": {}}}";
    becomes(raw, JsonRawSchema.from(raw));
    becomes("{\"type\": \"string\"}", new JsonStringSchema());
  }

  @Test
  void aToolWithoutParametersTakesNoneUnlessItSaysSo() throws Exception {
    ObjectMapper json = new ObjectMapper();
    String none =
        """
        {"type": "object", "properties": {}, "required": [], "additionalProperties": %s}\
        """;
    JsonObjectSchema empty = JsonObjectSchema.builder().build();
    JsonObjectSchema open = JsonObjectSchema.builder().additionalProperties(true).build();
    assertEquals(
        json.readTree(none.formatted(false)), json.readTree(JsonSchemas.ofArguments(null)));
    assertEquals(
        json.readTree(none.formatted(false)), json.readTree(JsonSchemas.ofArguments(empty)));
    assertEquals(json.readTree(none.formatted(true)), json.readTree(JsonSchemas.ofArguments(open)));
  }
}
