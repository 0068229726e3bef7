package org.bitnetj.chat.reply;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bitnetj.chat.reply.CallForm.Cut;
import org.jspecify.annotations.Nullable;

/** Reads calls that are a JSON object with {@code name} and {@code arguments}, or an array. */
final class JsonCallReader {
  private static final ObjectMapper JSON = StrictJson.mapper();
  private static final ObjectReader PART = StrictJson.partReader();

  private static final Set<String> UNFINISHED =
      Set.of("t", "tr", "tru", "f", "fa", "fal", "fals", "n", "nu", "nul");

  private JsonCallReader() {}

  /** The calls that a text consists of; none if any of it is no call. */
  static List<ToolCall> read(String text) {
    List<ToolCall> found = new ArrayList<>();
    try {
      JsonNode all = JSON.readTree(text);
      for (JsonNode one : all.isArray() ? all : List.of(all)) {
        Optional<ToolCall> call = call(one);
        if (call.isEmpty()) {
          return List.of();
        }
        found.add(call.get());
      }
      return found;
    } catch (JsonProcessingException e) {
      return List.of();
    }
  }

  private static Optional<ToolCall> call(JsonNode one) {
    // Templates may show earlier calls as OpenAI's API has them, and models write the same.
    JsonNode call = one.path("function").isObject() ? one.get("function") : one;
    JsonNode arguments = call.has("arguments") ? call.get("arguments") : call.get("parameters");
    if (arguments == null) {
      arguments = JsonNodeFactory.instance.objectNode();
    }
    return call.path("name").isTextual() && arguments.isObject()
        ? Optional.of(ToolCall.of(call.get("name").textValue(), arguments.toString()))
        : Optional.empty();
  }

  /** The calls that a text begins with. */
  static Cut cut(String text) {
    List<ToolCall> whole = new ArrayList<>();
    int from = 0;
    try (JsonParser parser = JSON.createParser(text)) {
      JsonToken token = parser.nextToken();
      boolean listed = token == JsonToken.START_ARRAY;
      if (listed) {
        token = parser.nextToken();
      }
      while (token == JsonToken.START_OBJECT) {
        from = start(parser);
        Optional<ToolCall> call = call(PART.readTree(parser));
        if (call.isEmpty()) {
          return new Cut(whole, Optional.empty(), text.substring(from));
        }
        whole.add(call.get());
        from = end(parser);
        token = listed ? parser.nextToken() : null;
      }
      return new Cut(whole, Optional.empty(), after(text, from, listed));
    } catch (IOException e) {
      String rest = after(text, from, !whole.isEmpty());
      return new Cut(whole, begun(rest), rest);
    }
  }

  /** What follows a call, without the comma or bracket that belongs to the list of calls. */
  private static String after(String text, int call, boolean listed) {
    String rest = text.substring(call);
    String stripped = rest.stripLeading();
    return listed && (stripped.startsWith(",") || stripped.startsWith("]"))
        ? stripped.substring(1)
        : rest;
  }

  /** The call that an object without its end is, if its name is whole. */
  private static Optional<CutCall> begun(String text) {
    @Nullable String name = null;
    String arguments = "";
    try (JsonParser parser = JSON.createParser(text)) {
      while (parser.nextToken() != null) {
        if (parser.currentToken() != JsonToken.FIELD_NAME) {
          continue; // an end, or the object that an outer one has as its function
        }
        String field = parser.currentName();
        JsonToken value = parser.nextToken();
        switch (field) {
          case "name" -> {
            if (value != JsonToken.VALUE_STRING) {
              return Optional.empty();
            }
            name = parser.getText();
          }
          case "arguments", "parameters" -> {
            if (value != JsonToken.START_OBJECT) {
              return Optional.empty();
            }
            int from = start(parser);
            arguments = text.substring(from);
            parser.skipChildren();
            arguments = text.substring(from, end(parser));
          }
          case "function" -> {}
          default -> parser.skipChildren();
        }
      }
      return Optional.empty(); // nothing is missing: it is no call
    } catch (JsonProcessingException e) {
      return isCut(e, text) && name != null
          ? Optional.of(CutCall.of(name, arguments))
          : Optional.empty();
    } catch (IOException e) {
      throw new AssertionError(e); // nothing but memory is read
    }
  }

  private static int start(JsonParser parser) {
    return (int) parser.currentTokenLocation().getCharOffset();
  }

  private static int end(JsonParser parser) {
    return (int) parser.currentLocation().getCharOffset();
  }

  /** Whether what is wrong with a text is that it ends, perhaps within a word or number. */
  private static boolean isCut(JsonProcessingException e, String text) {
    return e.getLocation() != null && e.getLocation().getCharOffset() >= unfinished(text);
  }

  /** Where the word or number begins in which a text ends; its length if it ends in none. */
  private static int unfinished(String text) {
    int word = text.length();
    while (word > 0 && Character.isLetterOrDigit(text.charAt(word - 1))) {
      word--;
    }
    if (UNFINISHED.contains(text.substring(word))) {
      return word;
    }
    int number = text.length();
    while (number > 0 && "+-.0123456789eE".indexOf(text.charAt(number - 1)) >= 0) {
      number--;
    }
    return number;
  }

  /** Whether JSON may go on after a text. */
  static boolean isBeginning(String text) {
    try (JsonParser parser = JSON.createParser(text)) {
      while (parser.nextToken() != null) {
        parser.getText(); // of strings, too, which are read when they are needed
      }
      return true;
    } catch (JsonProcessingException e) {
      return isCut(e, text);
    } catch (IOException e) {
      throw new AssertionError(e); // nothing but memory is read
    }
  }

  /**
   * The object that a part of a text begins with.
   *
   * @param end where it ends
   */
  record Found(JsonNode object, int end) {}

  /** The object that begins at a place of a text; empty if none does, or it has no end. */
  static Optional<Found> objectAt(String text, int from) {
    try (JsonParser parser = JSON.createParser(text.substring(from))) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return Optional.empty();
      }
      JsonNode object = PART.readTree(parser);
      return Optional.of(new Found(object, from + end(parser)));
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
