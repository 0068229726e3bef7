package org.bitnetj.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.util.Map;
import org.bitnetj.source.Inspection;
import org.jspecify.annotations.Nullable;

/** Maps, lists, numbers, truth values, strings and null as JSON. NaN and infinities become null. */
final class JsonText {
  private static final JsonFactory FACTORY = new JsonFactory();

  /** The fields with which a result says of its own form; see docs/json.md. */
  static final String SCHEMA = "schema";

  static final String SCHEMA_VERSION = "schema_version";

  private JsonText() {}

  /** An object in several lines, with a line break at its end. */
  static String of(Map<String, @Nullable Object> object) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      json.useDefaultPrettyPrinter();
      write(json, object);
    } catch (IOException e) {
      throw new AssertionError("a string cannot fail", e);
    }
    return text + "\n";
  }

  private static void write(JsonGenerator json, @Nullable Object value) throws IOException {
    switch (value) {
      case null -> json.writeNull();
      case Map<?, ?> map -> {
        json.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          json.writeFieldName((String) entry.getKey());
          write(json, entry.getValue());
        }
        json.writeEndObject();
      }
      case Iterable<?> list -> {
        json.writeStartArray();
        for (Object each : list) {
          write(json, each);
        }
        json.writeEndArray();
      }
      case Inspection.LongArray array -> {
        json.writeStartObject();
        json.writeStringField("array_of", array.element());
        json.writeNumberField("length", array.length());
        json.writeEndObject();
      }
      case Boolean b -> json.writeBoolean(b);
      case Integer i -> json.writeNumber(i);
      case Long l -> json.writeNumber(l);
      case BigInteger i -> json.writeNumber(i);
      case Float f when Float.isFinite(f) -> json.writeNumber(f);
      case Double d when Double.isFinite(d) -> json.writeNumber(d);
      case Float _, Double _ -> json.writeNull();
      case String s -> json.writeString(s);
      default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
    }
  }
}
