package org.bitnetj.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Whose API a path belongs to, which decides what errors look like. */
enum Dialect {
  OPENAI {
    @Override
    ObjectNode error(ApiException e) {
      ObjectNode error = JSON.objectNode();
      error.put("message", e.sentence());
      error.put("type", e.kind().openAi);
      error.put("param", e.param().orElse(null));
      error.put("code", e.code().orElse(null));
      ObjectNode body = JSON.objectNode();
      body.set("error", error);
      return body;
    }
  },
  ANTHROPIC {
    @Override
    ObjectNode error(ApiException e) {
      ObjectNode error = JSON.objectNode();
      error.put("type", e.kind().anthropic);
      error.put("message", e.sentence());
      ObjectNode body = JSON.objectNode();
      body.put("type", "error");
      body.set("error", error);
      return body;
    }
  };

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** The body of an answer that is an error. */
  abstract ObjectNode error(ApiException e);
}
