package org.bitnetj.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.GenerationStats;

/** What a text took, as llama.cpp's server tells it in {@code timings}. */
final class Timings {
  private Timings() {}

  static ObjectNode of(GenerationResult result) {
    GenerationStats stats = result.stats();
    int computed = stats.promptTokens() - stats.cachedTokens();
    double promptMillis = stats.prefillNanos() / 1e6;
    double millis = stats.decodeNanos() / 1e6;
    ObjectNode timings = JsonNodeFactory.instance.objectNode();
    timings.put("cache_n", stats.cachedTokens());
    timings.put("prompt_n", computed);
    timings.put("prompt_ms", promptMillis);
    timings.put("prompt_per_token_ms", computed > 0 ? promptMillis / computed : 0);
    timings.put("prompt_per_second", stats.prefillTokensPerSecond());
    timings.put("predicted_n", stats.generatedTokens());
    timings.put("predicted_ms", millis);
    timings.put(
        "predicted_per_token_ms", stats.decodedTokens() > 0 ? millis / stats.decodedTokens() : 0);
    timings.put("predicted_per_second", stats.decodeTokensPerSecond());
    timings.put("draft_n", stats.draftedTokens());
    timings.put("draft_n_accepted", stats.acceptedTokens());
    timings.put("seed", result.seed());
    return timings;
  }
}
