package org.bitnetj.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;

/** Whose API a request is of, which decides what errors look like. */
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

  private static final HeaderName VERSION = HeaderNames.create("anthropic-version");

  /**
   * Some paths are Anthropic's alone; elsewhere its clients tell by a header that they all send.
   */
  static Dialect of(ServerRequest request) {
    String path = request.path().rawPath();
    return path.equals("/v1/messages")
            || path.startsWith("/v1/messages/")
            || request.headers().contains(VERSION)
        ? ANTHROPIC
        : OPENAI;
  }

  /** The body of an answer that is an error. */
  abstract ObjectNode error(ApiException e);
}
