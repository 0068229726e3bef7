package org.bitnetj.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.generate.TokenLogprobs;
import org.bitnetj.tokenizer.StreamDecoder;
import org.bitnetj.tokenizer.Tokenizer;

/**
 * The log probabilities of a text's tokens as OpenAI's {@code /v1/completions} has them: in lists
 * for all of them. A token that is not text by itself, such as half a character, is named by its
 * bytes, {@code bytes:\xe2\x80}. Not thread-safe.
 */
final class TokenLists {
  private final Tokenizer tokenizer;
  private final StreamDecoder decoder;
  private final List<TokenLogprobs> tokens = new ArrayList<>();
  private int offset; // of the next token in the text, in UTF-16 units

  TokenLists(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    this.decoder = tokenizer.newDecoder(false);
  }

  void add(TokenLogprobs token) {
    tokens.add(token);
  }

  boolean isEmpty() {
    return tokens.isEmpty();
  }

  /** The lists of the tokens that have come since the last call. */
  ObjectNode take() {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    ArrayNode names = object.putArray("tokens");
    ArrayNode values = object.putArray("token_logprobs");
    ArrayNode tops = object.putArray("top_logprobs");
    ArrayNode offsets = object.putArray("text_offset");
    for (TokenLogprobs token : tokens) {
      names.add(name(token.chosen().token()));
      values.add(token.chosen().logprob());
      ObjectNode top = tops.addObject();
      token.top().forEach(t -> top.put(name(t.token()), t.logprob()));
      offsets.add(offset);
      offset += decoder.next(token.chosen().token()).length();
    }
    tokens.clear();
    return object;
  }

  private String name(int token) {
    byte[] bytes = tokenizer.bytes(token);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      StringBuilder name = new StringBuilder("bytes:");
      for (byte b : bytes) {
        name.append("\\x%02x".formatted(b));
      }
      return name.toString();
    }
  }
}
