package org.bitnetj.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
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
  private StreamDecoder decoder;
  private ArrayNode names = array();
  private ArrayNode values = array();
  private ArrayNode tops = array();
  private ArrayNode offsets = array();
  private int offset; // of the next token in the text, in UTF-16 units

  TokenLists(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    this.decoder = tokenizer.newDecoder(false);
  }

  private static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  /**
   * Adds the prompt, before all other tokens. Nothing says how probable its first token is.
   *
   * @param others those of its tokens from the second on
   */
  void echo(int first, List<TokenLogprobs> others) {
    decoder = tokenizer.newDecoder(true);
    values.addNull();
    tops.addNull();
    place(first);
    others.forEach(this::add);
    offset += decoder.finish().length();
    decoder = tokenizer.newDecoder(false);
  }

  void add(TokenLogprobs token) {
    values.add(token.chosen().logprob());
    ObjectNode top = tops.addObject();
    token.top().forEach(t -> top.put(name(t.token()), t.logprob()));
    place(token.chosen().token());
  }

  private void place(int token) {
    names.add(name(token));
    offsets.add(offset);
    offset += decoder.next(token).length();
  }

  boolean isEmpty() {
    return names.isEmpty();
  }

  /** The lists of the tokens that have come since the last call. */
  ObjectNode take() {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    object.set("tokens", names);
    object.set("token_logprobs", values);
    object.set("top_logprobs", tops);
    object.set("text_offset", offsets);
    names = array();
    values = array();
    tops = array();
    offsets = array();
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
