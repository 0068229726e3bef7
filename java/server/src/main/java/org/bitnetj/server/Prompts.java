package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bitnetj.tokenizer.Tokenizer;

/** A field that is a text, the tokens of one, or several of either, as OpenAI's older APIs have. */
final class Prompts {
  private Prompts() {}

  /**
   * @param encode gives the tokens of a text
   * @return tokens of the vocabulary, of one text or more
   */
  static List<int[]> read(
      Fields request, String field, Tokenizer tokenizer, Function<String, int[]> encode) {
    JsonNode value = request.any(field).orElseThrow(() -> request.missing(field));
    List<int[]> prompts = new ArrayList<>();
    if (value.isTextual()) {
      prompts.add(encode.apply(value.textValue()));
    } else if (value.isArray() && !value.isEmpty() && value.get(0).isNumber()) {
      prompts.add(tokens(request, field, tokenizer, value));
    } else if (value.isArray() && !value.isEmpty()) {
      for (JsonNode one : value) {
        prompts.add(
            one.isTextual()
                ? encode.apply(one.textValue())
                : tokens(request, field, tokenizer, one));
      }
    } else {
      throw request.wrong(field, "must be a string, an array of tokens, or several of these");
    }
    return prompts;
  }

  private static int[] tokens(Fields request, String field, Tokenizer tokenizer, JsonNode array) {
    if (!array.isArray()) {
      throw request.wrong(field, "must be a string, an array of tokens, or several of these");
    }
    int[] tokens = new int[array.size()];
    for (int i = 0; i < tokens.length; i++) {
      JsonNode token = array.get(i);
      tokens[i] = token.isInt() ? token.intValue() : -1;
      if (tokens[i] < 0 || tokens[i] >= tokenizer.vocabularySize()) {
        throw request.wrong(field, "has something that is no token of this model: " + token);
      }
    }
    return tokens;
  }
}
