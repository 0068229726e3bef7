package org.bitnetj.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.model.chat.request.json.JsonArraySchema;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.langchain4j.model.chat.request.json.JsonStringSchema;
import org.junit.jupiter.api.Test;

class JsonSchemasTest {
  private static void becomes(String expected, JsonSchemaElement element) throws Exception {
    ObjectMapper json = new ObjectMapper();
    assertEquals(json.readTree(expected), json.readTree(JsonSchemas.text(element)));
  }

  @Test
  void objectsHaveNoPropertiesButTheirOwn() throws Exception {
    JsonObjectSchema inner =
        JsonObjectSchema.builder().addStringProperty("name").required("name").build();
    becomes(
        """
        {"type": "object", "properties": {"all": {"type": "array", "items": {"type": "object",
          "properties": {"name": {"type": "string"}}, "required": ["name"],
          "additionalProperties": false}}}, "required": [], "additionalProperties": false}\
        """,
        JsonObjectSchema.builder()
            .addProperty("all", JsonArraySchema.builder().items(inner).build())
            .build());
  }

  @Test
  void anObjectThatSaysItMayHasOthers() throws Exception {
    becomes(
        """
        {"type": "object", "properties": {}, "required": [], "additionalProperties": true}\
        """,
        JsonObjectSchema.builder().additionalProperties(true).build());
  }

  @Test
  void schemasThatAreTextStayAsTheyAre() throws Exception {
    String raw = "{\"type\": \"object\", \"properties\": {\"a\": {}}}";
    becomes(raw, JsonRawSchema.from(raw));
    becomes("{\"type\": \"string\"}", new JsonStringSchema());
  }

  @Test
  void aToolWithoutParametersTakesNone() throws Exception {
    assertEquals(
        new ObjectMapper()
            .readTree(
                "{\"type\": \"object\", \"properties\": {}, \"required\": [],"
                    + " \"additionalProperties\": false}"),
        new ObjectMapper().readTree(JsonSchemas.ofArguments(null)));
  }
}
