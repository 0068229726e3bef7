package org.bitnetj.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.GenerationStats;

/** What OpenAI's two completion APIs have in common. */
final class Streams {
  private static final int MOST_LOGPROBS = 200_000;

  private Streams() {}

  /** Whether a stream ends with the numbers of its tokens. */
  static boolean wantsUsage(Fields request) {
    return request
        .object("stream_options")
        .map(
            options -> {
              options.ignore("include_obfuscation");
              boolean usage = options.flag("include_usage").orElse(false);
              options.finish();
              return usage;
            })
        .orElse(false);
  }

  /**
   * Refuses more log probabilities than a request may hold memory for.
   *
   * @param texts of the request
   * @param context most tokens of each
   * @param echoed tokens of prompts in all of them
   */
  static void requireFewLogprobs(
      Fields request, GenerationOptions options, int texts, int context, long echoed) {
    if (options.topLogprobs().isPresent()) {
      long each = options.topLogprobs().getAsInt() + 1L;
      long tokens = (long) texts * Math.min(options.maxTokens(), context) + echoed;
      if (each * tokens > MOST_LOGPROBS) {
        throw request.wrong(
            "logprobs",
            "asks for more than "
                + MOST_LOGPROBS
                + " log probabilities in all; limit the tokens, the choices or top_logprobs");
      }
    }
  }

  /** Each of several choices has a seed of its own, that of the first is the request's. */
  static GenerationOptions withSeedOf(GenerationOptions options, int choice) {
    return options.sampling().seed().isPresent()
        ? options.withSeed(options.sampling().seed().getAsLong() + choice)
        : options;
  }

  /**
   * Tokens; a prompt counts once, whatever the number of choices.
   *
   * @param choices how many results each prompt has, one after the other
   */
  static ObjectNode usage(List<GenerationResult> results, int choices) {
    int prompt = 0;
    int cached = 0;
    int completion = 0;
    for (int i = 0; i < results.size(); i++) {
      GenerationStats stats = results.get(i).stats();
      prompt += i % choices == 0 ? stats.promptTokens() : 0;
      cached += i % choices == 0 ? stats.cachedTokens() : 0;
      completion += stats.generatedTokens();
    }
    ObjectNode usage = JsonNodeFactory.instance.objectNode();
    usage.put("prompt_tokens", prompt);
    usage.put("completion_tokens", completion);
    usage.put("total_tokens", prompt + completion);
    usage.putObject("prompt_tokens_details").put("cached_tokens", cached);
    return usage;
  }
}
