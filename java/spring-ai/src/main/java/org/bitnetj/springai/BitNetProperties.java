package org.bitnetj.springai;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.bitnetj.generate.LoadOptions;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The properties {@code bitnet.*}.
 *
 * @param model the model: a GGUF file or the folder of a checkpoint. Without it nothing is
 *     configured
 * @param chatTemplate text of a Jinja template in the place of the model's own
 * @param threads how many threads compute; 0 for one on each processor
 * @param kernels the kernels to use, or auto
 * @param mapped whether the file is mapped, not read
 * @param keptCache memory for keys and values of earlier conversations, so that what they begin
 *     with need not be computed again
 * @param chat options of prompts that have none
 * @param embedding how texts are embedded
 */
@ConfigurationProperties("bitnet")
public record BitNetProperties(
    @Nullable Path model,
    @Nullable String chatTemplate,
    @DefaultValue("0") int threads,
    @DefaultValue("auto") String kernels,
    @DefaultValue("true") boolean mapped,
    @DefaultValue("256MB") DataSize keptCache,
    @DefaultValue Chat chat,
    @DefaultValue Embedding embedding) {
  /** What the application's properties say. */
  public BitNetProperties {
    Objects.requireNonNull(kernels, "kernels is null");
    Objects.requireNonNull(keptCache, "keptCache is null");
    Objects.requireNonNull(chat, "chat is null");
    Objects.requireNonNull(embedding, "embedding is null");
  }

  /**
   * Options of prompts that have none.
   *
   * @param temperature divides the logits; 0 always takes the most probable token
   * @param topK keeps the k most probable tokens; 0 keeps all
   * @param topP keeps the fewest most probable tokens whose probabilities sum to at least this
   * @param minP keeps the tokens at least this times as probable as the most probable one
   * @param repetitionPenalty divides positive logits of tokens that have occurred, and multiplies
   *     negative ones
   * @param presencePenalty subtracted once from the logits of tokens that have occurred
   * @param frequencyPenalty subtracted from the logits of tokens for each time they occurred
   * @param seed of the random draws; without it a new one each time
   * @param maxTokens most tokens of an answer, thinking included
   * @param stopSequences an answer ends before the first of these
   * @param thinking whether the model thinks before it answers, where its template leaves a choice
   */
  public record Chat(
      @Nullable Double temperature,
      @Nullable Integer topK,
      @Nullable Double topP,
      @Nullable Double minP,
      @Nullable Double repetitionPenalty,
      @Nullable Double presencePenalty,
      @Nullable Double frequencyPenalty,
      @Nullable Long seed,
      @Nullable Integer maxTokens,
      @Nullable List<String> stopSequences,
      @Nullable Boolean thinking) {
    BitNetChatOptions options() {
      return BitNetChatOptions.builder()
          .temperature(temperature)
          .topK(topK)
          .topP(topP)
          .minP(minP)
          .repetitionPenalty(repetitionPenalty)
          .presencePenalty(presencePenalty)
          .frequencyPenalty(frequencyPenalty)
          .seed(seed)
          .maxTokens(maxTokens)
          .stopSequences(stopSequences)
          .thinking(thinking)
          .build();
    }
  }

  /**
   * How texts are embedded.
   *
   * @param model a model of its own for this; without it the one that chats
   */
  public record Embedding(@Nullable Path model) {}

  LoadOptions load() {
    LoadOptions options =
        LoadOptions.defaults()
            .withThreads(threads)
            .withKernels(kernels)
            .withMapped(mapped)
            .withKeptCacheBytes(keptCache.toBytes());
    return chatTemplate == null ? options : options.withChatTemplate(chatTemplate);
  }
}
