package org.bitnetj.source.json;

import java.util.List;
import java.util.Map;

/** A value of a JSON text (RFC 8259). Immutable. */
public sealed interface Json {
  /** An object; its members are in the order of the text. */
  record Members(Map<String, Json> all) implements Json {}

  /** An array. */
  record Items(List<Json> all) implements Json {}

  record Text(String value) implements Json {}

  /** A number as it is written. */
  record Numeral(String text) implements Json {}

  enum Literal implements Json {
    TRUE,
    FALSE,
    NULL
  }
}
