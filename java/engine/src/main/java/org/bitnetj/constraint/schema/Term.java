package org.bitnetj.constraint.schema;

import org.bitnetj.source.json.Json;
import org.jspecify.annotations.Nullable;

/** One schema of a document: an object, true or false, and where it is. Equal to itself only. */
final class Term {
  private final Json json;
  private final String pointer;
  private final boolean alone;
  private @Nullable Term aloneTwin;
  private @Nullable Keywords keywords;

  Term(Json json, String pointer) {
    this(json, pointer, false);
  }

  private Term(Json json, String pointer, boolean alone) {
    this.json = json;
    this.pointer = pointer;
    this.alone = alone;
  }

  Json json() {
    return json;
  }

  /** The JSON pointer as a fragment, such as {@code #/properties/name}. */
  String pointer() {
    return pointer;
  }

  /** The same schema without what it applies in its place: references and combinations. */
  Term alone() {
    if (alone) {
      return this;
    }
    if (aloneTwin == null) {
      aloneTwin = new Term(json, pointer, true);
    }
    return aloneTwin;
  }

  boolean isAlone() {
    return alone;
  }

  /** What it says, read once. */
  Keywords keywords(SchemaDocument document) {
    if (keywords == null) {
      keywords = KeywordReader.read(this, document);
    }
    return keywords;
  }
}
