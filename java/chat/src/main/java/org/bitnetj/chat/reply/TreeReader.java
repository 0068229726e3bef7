package org.bitnetj.chat.reply;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/**
 * Reads trees that keep the spelling of numbers, and refuses names given twice. The parser limits
 * how deep they are. Thread-safe.
 */
final class TreeReader extends JsonDeserializer<JsonNode> {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  @Override
  public JsonNode deserialize(JsonParser parser, DeserializationContext context)
      throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser, context);
      case START_ARRAY -> {
        ArrayNode items = NODES.arrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          items.add(deserialize(parser, context));
        }
        yield items;
      }
      case VALUE_STRING -> NODES.textNode(parser.getText());
      case VALUE_NUMBER_INT -> integer(parser);
      case VALUE_NUMBER_FLOAT -> new WrittenNumber(parser.getText());
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      case VALUE_NULL -> NODES.nullNode();
      default -> (JsonNode) context.handleUnexpectedToken(JsonNode.class, parser);
    };
  }

  private ObjectNode object(JsonParser parser, DeserializationContext context) throws IOException {
    ObjectNode members = NODES.objectNode();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      JsonNode value = deserialize(parser, context);
      if (members.replace(name, value) != null) {
        context.reportInputMismatch(
            JsonNode.class, "Duplicate field '%s': an object has each name once", name);
      }
    }
    return members;
  }

  private static JsonNode integer(JsonParser parser) throws IOException {
    return switch (parser.getNumberType()) {
      case INT ->
          parser.getText().equals("-0") // whose sign an int does not keep
              ? new WrittenNumber("-0")
              : NODES.numberNode(parser.getIntValue());
      case LONG -> NODES.numberNode(parser.getLongValue());
      default -> NODES.numberNode(parser.getBigIntegerValue());
    };
  }
}
