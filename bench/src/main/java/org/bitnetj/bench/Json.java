package org.bitnetj.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as maps, lists, strings, numbers, truth values and null. */
final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();

  private Json() {}

  /**
   * Parses one value.
   *
   * @throws JsonProcessingException if the text is anything else
   */
  static @Nullable Object parse(String text) throws JsonProcessingException {
    try (JsonParser json = FACTORY.createParser(text)) {
      if (json.nextToken() == null) {
        throw new JsonParseException(json, "There is no value.");
      }
      Object value = value(json);
      if (json.nextToken() != null) {
        throw new JsonParseException(json, "Something follows the value.");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw e;
    } catch (IOException e) { // of a string there is none
      throw new UncheckedIOException(e);
    }
  }

  /** The value whose first token has been read. */
  static @Nullable Object value(JsonParser json) throws IOException {
    return switch (json.currentToken()) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String name = json.currentName();
          json.nextToken();
          map.put(name, value(json));
        }
        yield map;
      }
      case START_ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(json));
        }
        yield list;
      }
      case VALUE_STRING -> json.getText();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> json.getNumberValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case null, default -> null;
    };
  }

  /** What a chain of names leads to in objects within objects; null if one is not there. */
  static @Nullable Object at(@Nullable Object value, String... names) {
    Object inner = value;
    for (String name : names) {
      inner = inner instanceof Map<?, ?> map ? map.get(name) : null;
    }
    return inner;
  }
}
