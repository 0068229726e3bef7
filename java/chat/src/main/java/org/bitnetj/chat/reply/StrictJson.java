package org.bitnetj.chat.reply;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Objects;

/** How JSON of requests and models is read. Numbers are written again as they were read. */
public final class StrictJson {
  /** Nothing that a model is asked is nested deeper, and no number is longer. */
  private static final StreamReadConstraints LIMITS =
      StreamReadConstraints.builder()
          .maxNestingDepth(200)
          .maxNumberLength(100)
          .maxStringLength(Integer.MAX_VALUE)
          .build();

  private static final ObjectMapper JSON = mapper();

  private StrictJson() {}

  /**
   * Reads an object.
   *
   * @param what the text is called in messages, with a capital letter
   * @param text JSON
   * @return the object
   * @throws IllegalArgumentException if it is something else
   */
  public static ObjectNode object(String what, String text) {
    Objects.requireNonNull(what, "what is null");
    Objects.requireNonNull(text, "text is null");
    try {
      if (JSON.readTree(text) instanceof ObjectNode object) {
        return object;
      }
      throw new IllegalArgumentException(what + " must be a JSON object.");
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          what + " must be a JSON object: " + e.getOriginalMessage() + ".", e);
    }
  }

  /** A reader of one value in a text that goes on after it. */
  static ObjectReader partReader() {
    return JSON.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  }

  /**
   * {@return a reader of one value that refuses names given twice and numbers that JSON does not
   * have}
   */
  public static ObjectMapper mapper() {
    return JsonMapper.builder(
            JsonFactory.builder()
                .streamReadConstraints(LIMITS)
                .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                .build())
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .addModule(new SimpleModule().addDeserializer(JsonNode.class, new TreeReader()))
        .build();
  }
}
