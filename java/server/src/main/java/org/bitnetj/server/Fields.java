package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The fields of a JSON object in a request. Every field is asked for by name and type; what was not
 * asked for in the end is refused, so that no field is ignored that a client counts on. A field
 * with the value null counts as absent. Not thread-safe.
 */
final class Fields {
  private final JsonNode object;
  private final String path;
  private final Set<String> known = new HashSet<>();

  private Fields(JsonNode object, String path) {
    this.object = object;
    this.path = path;
  }

  /**
   * @param path where the object is, as messages name it; empty for the request itself
   */
  static Fields of(JsonNode node, String path) {
    if (!node.isObject()) {
      throw ApiException.field(
          path, (path.isEmpty() ? "The request" : path) + " must be a JSON object.");
    }
    return new Fields(node, path);
  }

  /** The name of a field in messages. */
  String name(String field) {
    return path.isEmpty() ? field : path + "." + field;
  }

  /** The field's value, if it is there and not null. */
  Optional<JsonNode> any(String field) {
    known.add(field);
    JsonNode value = object.get(field);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  /** Says that fields may be there and change nothing. */
  void ignore(String... fields) {
    known.addAll(List.of(fields));
  }

  /** Refuses a field unless it has the one value that changes nothing. */
  void only(String field, JsonNode value, String why) {
    any(field)
        .filter(v -> !v.equals(value))
        .ifPresent(
            v -> {
              throw wrong(field, "can only be " + value + " here: " + why);
            });
  }

  Optional<String> text(String field) {
    return any(field).map(v -> v.isTextual() ? v.textValue() : refuse(field, "a string"));
  }

  String requiredText(String field) {
    return text(field).orElseThrow(() -> missing(field));
  }

  Optional<Boolean> flag(String field) {
    return any(field).map(v -> v.isBoolean() ? v.booleanValue() : refuse(field, "true or false"));
  }

  OptionalInt integer(String field, int least, int most) {
    Optional<JsonNode> value = any(field);
    if (value.isEmpty()) {
      return OptionalInt.empty();
    }
    JsonNode v = value.get();
    if (!v.isIntegralNumber()
        || !v.canConvertToInt()
        || v.intValue() < least
        || v.intValue() > most) {
      return refuse(
          field,
          most == Integer.MAX_VALUE
              ? "an integer of at least " + least
              : "an integer from " + least + " to " + most);
    }
    return OptionalInt.of(v.intValue());
  }

  OptionalLong wholeNumber(String field) {
    Optional<JsonNode> value = any(field);
    if (value.isEmpty()) {
      return OptionalLong.empty();
    }
    if (!value.get().isIntegralNumber() || !value.get().canConvertToLong()) {
      return refuse(field, "an integer of at most 64 bits");
    }
    return OptionalLong.of(value.get().longValue());
  }

  OptionalDouble number(String field, double least, double most) {
    Optional<JsonNode> value = any(field);
    if (value.isEmpty()) {
      return OptionalDouble.empty();
    }
    double v = value.get().isNumber() ? value.get().doubleValue() : Double.NaN;
    if (!(v >= least && v <= most)) {
      return refuse(field, "a number from " + shown(least) + " to " + shown(most));
    }
    return OptionalDouble.of(v);
  }

  private static String shown(double value) {
    return value == (long) value ? Long.toString((long) value) : Double.toString(value);
  }

  /** The elements of an array; empty if it is absent. */
  List<JsonNode> list(String field) {
    List<JsonNode> result = new ArrayList<>();
    any(field)
        .ifPresent(
            v -> {
              if (!v.isArray()) {
                refuse(field, "an array");
              }
              v.forEach(result::add);
            });
    return result;
  }

  /** One string or an array of strings. */
  List<String> texts(String field) {
    Optional<JsonNode> value = any(field);
    if (value.isPresent() && value.get().isTextual()) {
      return List.of(value.get().textValue());
    }
    List<String> result = new ArrayList<>();
    for (JsonNode node : list(field)) {
      result.add(node.isTextual() ? node.textValue() : refuse(field, "strings"));
    }
    return result;
  }

  Optional<Fields> object(String field) {
    return any(field).map(v -> of(v, name(field)));
  }

  /** Each element of an array of objects. */
  List<Fields> objects(String field) {
    List<Fields> result = new ArrayList<>();
    for (JsonNode node : list(field)) {
      result.add(of(node, name(field) + "[" + result.size() + "]"));
    }
    return result;
  }

  /** Refuses the fields that nobody has asked for. */
  void finish() {
    for (var entry : object.properties()) {
      if (!known.contains(entry.getKey()) && !entry.getValue().isNull()) {
        throw ApiException.field(
            name(entry.getKey()),
            "The field " + name(entry.getKey()) + " is not supported; leave it out.");
      }
    }
  }

  /** The refusal of a value: {@code sentence} continues the field's name. */
  ApiException wrong(String field, String sentence) {
    return ApiException.field(name(field), name(field) + " " + sentence + ".");
  }

  ApiException missing(String field) {
    return ApiException.field(name(field), "The field " + name(field) + " is missing.");
  }

  private <T> T refuse(String field, String what) {
    throw wrong(field, "must be " + what);
  }
}
