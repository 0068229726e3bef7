package org.bitnetj.bench;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/**
 * What a result in JSON says of its own form. The version rises when a reader of the one before
 * would misread it; new fields do not raise it.
 */
enum Schema {
  MODEL("bitnet-bench-model"),
  KERNELS("bitnet-bench-kernels"),
  SERVER("bitnet-bench-server"),
  COMPARISON("bitnet-bench-comparison");

  static final String NAME = "schema";
  static final String VERSION_NAME = "schema_version";
  static final int VERSION = 1;

  private final String label;

  Schema(String label) {
    this.label = label;
  }

  String label() {
    return label;
  }

  /** Writes both fields into the object that is open. */
  void write(JsonGenerator json) throws IOException {
    json.writeStringField(NAME, label);
    json.writeNumberField(VERSION_NAME, VERSION);
  }
}
