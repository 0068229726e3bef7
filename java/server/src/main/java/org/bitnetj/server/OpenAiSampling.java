package org.bitnetj.server;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.option.SamplingOptions;

/**
 * The sampling fields that OpenAI's APIs share, and llama.cpp's additions to them ({@code top_k},
 * {@code min_p}, {@code repeat_penalty}). What a request leaves out is as in {@link
 * SamplingOptions#defaults}.
 */
final class OpenAiSampling {
  private static final int MOST_STOPS = 16;

  private OpenAiSampling() {}

  /**
   * @param vocabulary how many tokens the model has
   */
  static GenerationOptions read(Fields request, int vocabulary, OptionalInt maxTokens) {
    SamplingOptions sampling = SamplingOptions.defaults();
    sampling =
        sampling
            .withTemperature(request.number("temperature", 0, 2).orElse(sampling.temperature()))
            .withTopP(request.number("top_p", 0, 1).orElse(sampling.topP()))
            .withTopK(request.integer("top_k", 0, Integer.MAX_VALUE).orElse(sampling.topK()))
            .withMinP(request.number("min_p", 0, 1).orElse(sampling.minP()))
            .withRepetitionPenalty(request.number("repeat_penalty", 0.01, 100).orElse(1))
            .withFrequencyPenalty(request.number("frequency_penalty", -2, 2).orElse(0))
            .withPresencePenalty(request.number("presence_penalty", -2, 2).orElse(0))
            .withPenaltyWindow(Integer.MAX_VALUE)
            .withLogitBias(bias(request, vocabulary))
            .withSeed(request.wholeNumber("seed"));
    List<String> stops = stops(request, "stop");
    GenerationOptions options =
        GenerationOptions.defaults().withSampling(sampling).withStopStrings(stops);
    return maxTokens.isPresent() ? options.withMaxTokens(maxTokens.getAsInt()) : options;
  }

  /** Strings that end a text. */
  static List<String> stops(Fields request, String field) {
    List<String> stops = request.texts(field);
    if (stops.size() > MOST_STOPS || stops.stream().anyMatch(String::isEmpty)) {
      throw request.wrong(field, "must be up to " + MOST_STOPS + " strings that are not empty");
    }
    if (stops.stream().flatMapToInt(String::codePoints).anyMatch(OpenAiSampling::isHalf)) {
      throw request.wrong(field, "must not have half a character");
    }
    return stops;
  }

  private static boolean isHalf(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  private static Map<Integer, Double> bias(Fields request, int vocabulary) {
    Map<Integer, Double> bias = new HashMap<>();
    request
        .any("logit_bias")
        .ifPresent(
            object -> {
              if (!object.isObject()) {
                throw request.wrong("logit_bias", "must be an object of token ids and numbers");
              }
              for (var entry : object.properties()) {
                double value = entry.getValue().isNumber() ? entry.getValue().doubleValue() : 1e9;
                if (!entry.getKey().matches("[0-9]{1,9}") || !(Math.abs(value) <= 100)) {
                  throw request.wrong(
                      "logit_bias", "must have token ids as names and numbers from -100 to 100");
                }
                int token = Integer.parseInt(entry.getKey());
                if (token >= vocabulary) {
                  throw request.wrong("logit_bias", "names a token that is none: " + token);
                }
                bias.put(token, value);
              }
            });
    return bias;
  }
}
