package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.tokenizer.Tokenizer;

/** {@code /tokenize} and {@code /detokenize}, as llama.cpp's server has them. */
final class TokenEndpoints {
  private final Tokenizer tokenizer;

  TokenEndpoints(LanguageModel model) {
    this.tokenizer = model.tokenizer();
  }

  Door.Answer tokenize(JsonNode body, Exchange exchange) {
    Fields request = Fields.of(body, "");
    request.ignore("model");
    String content = request.requiredText("content");
    boolean bos = request.flag("add_special").orElse(false) && tokenizer.addsBos();
    boolean special = request.flag("parse_special").orElse(true);
    boolean pieces = request.flag("with_pieces").orElse(false);
    request.finish();
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    ArrayNode tokens = answer.putArray("tokens");
    for (int id : tokenizer.encode(content, special, bos)) {
      if (pieces) {
        tokens.addObject().put("id", id).put("piece", tokenizer.decode(new int[] {id}, true));
      } else {
        tokens.add(id);
      }
    }
    return Door.whole(answer);
  }

  Door.Answer detokenize(JsonNode body, Exchange exchange) {
    Fields request = Fields.of(body, "");
    request.ignore("model");
    List<JsonNode> tokens = request.list("tokens");
    request.finish();
    int[] ids = new int[tokens.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = tokens.get(i).isInt() ? tokens.get(i).intValue() : -1;
      if (ids[i] < 0 || ids[i] >= tokenizer.vocabularySize()) {
        throw request.wrong("tokens", "has something that is no token: " + tokens.get(i));
      }
    }
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.put("content", tokenizer.decode(ids, true));
    return Door.whole(answer);
  }
}
