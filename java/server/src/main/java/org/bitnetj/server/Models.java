package org.bitnetj.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.webserver.http.ServerRequest;
import java.time.Instant;
import java.util.List;
import org.bitnetj.generate.ModelInfo;

/** {@code /v1/models}, as OpenAI's or as Anthropic's API has it, by who asks. */
final class Models {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final ModelInfo info;
  private final Identity identity;

  Models(ModelInfo info, Identity identity) {
    this.info = info;
    this.identity = identity;
  }

  Door.Answer list(ServerRequest request) {
    ObjectNode body = JSON.objectNode();
    if (Dialect.of(request) == Dialect.ANTHROPIC) {
      body.put("has_more", false);
      body.put("first_id", identity.model());
      body.put("last_id", identity.model());
    } else {
      body.put("object", "list");
    }
    body.putArray("data").add(describe(request));
    return Door.whole(body);
  }

  /**
   * @throws ApiException if the model has another name
   */
  Door.Answer find(ServerRequest request) {
    String id = request.path().pathParameters().get("id");
    if (!id.equals(identity.model())) {
      throw ApiException.coded(
          ApiException.Kind.NOT_FOUND,
          "model_not_found",
          "There is no model " + id + " here, only " + identity.model() + ".");
    }
    return Door.whole(describe(request));
  }

  private ObjectNode describe(ServerRequest request) {
    ObjectNode body = JSON.objectNode().put("id", identity.model());
    if (Dialect.of(request) == Dialect.ANTHROPIC) {
      body.put("type", "model");
      body.put("display_name", identity.model());
      body.put("created_at", Instant.ofEpochSecond(identity.created()).toString());
      body.put("max_input_tokens", info.contextLength());
      body.put("max_tokens", info.contextLength());
      body.put("lifecycle", "active");
      for (String unknown : List.of("capabilities", "line", "deprecated_at", "retires_at")) {
        body.putNull(unknown); // Anthropic's client for Java wants them all to be there
      }
      return body;
    }
    body.put("object", "model");
    body.put("created", identity.created());
    body.put("owned_by", "bitnet.java");
    ObjectNode meta = body.putObject("meta");
    meta.put("n_ctx_train", info.contextLength());
    meta.put("n_embd", info.width());
    meta.put("n_vocab", info.vocabulary());
    return body;
  }
}
