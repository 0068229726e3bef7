package org.bitnetj.chat;

import org.bitnetj.source.json.Json;
import org.bitnetj.source.json.JsonParser;

/** JSON that users of the engine give as text. */
final class JsonText {
  private JsonText() {}

  /**
   * @param what the text is called in messages, with a capital letter
   * @throws IllegalArgumentException if it is something else
   */
  static Json object(String what, String text) {
    if (parse(what, text) instanceof Json.Members object) {
      return object;
    }
    throw new IllegalArgumentException(what + " must be a JSON object.");
  }

  /** As {@link #object}, of an array of objects. */
  static Json objects(String what, String text) {
    if (parse(what, text) instanceof Json.Items items
        && items.all().stream().allMatch(Json.Members.class::isInstance)) {
      return items;
    }
    throw new IllegalArgumentException(what + " must be a JSON array of objects.");
  }

  private static Json parse(String what, String text) {
    try {
      return JsonParser.parse(text);
    } catch (JsonParser.Malformed e) {
      throw new IllegalArgumentException(what + " is not JSON: it " + e.getMessage() + ".", e);
    }
  }
}
