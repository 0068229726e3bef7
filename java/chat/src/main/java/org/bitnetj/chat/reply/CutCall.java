package org.bitnetj.chat.reply;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Objects;

/**
 * A call of a function that was cut, by the limit of tokens or the context.
 *
 * @param id as a whole call has it
 * @param name the name of the function, whole
 * @param arguments the beginning of a JSON object, perhaps empty
 */
public record CutCall(String id, String name, String arguments) {
  private static final ObjectReader JSON = StrictJson.partReader();

  /** A cut call. */
  public CutCall {
    Objects.requireNonNull(id, "id is null");
    Objects.requireNonNull(name, "name is null");
    Objects.requireNonNull(arguments, "arguments is null");
  }

  /**
   * {@return a call with an id of its own}
   *
   * @param name the name of the function
   * @param arguments the beginning of a JSON object
   */
  static CutCall of(String name, String arguments) {
    return new CutCall(ToolCall.newId("call_"), name, arguments);
  }

  /** {@return an object of those arguments that are whole} */
  public ObjectNode wholeArguments() {
    ObjectNode whole = JsonNodeFactory.instance.objectNode();
    try (JsonParser parser = JSON.createParser(arguments)) {
      parser.nextToken(); // of the object
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        JsonNode value = JSON.readTree(parser);
        if (value.isNumber() && parser.currentLocation().getCharOffset() == arguments.length()) {
          break; // more digits may have followed
        }
        whole.set(name, value);
      }
    } catch (IOException e) {
      return whole; // the end
    }
    return whole;
  }
}
