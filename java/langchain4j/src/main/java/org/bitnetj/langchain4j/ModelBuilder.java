package org.bitnetj.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import java.util.List;
import java.util.Objects;
import org.bitnetj.generate.LanguageModel;
import org.jspecify.annotations.Nullable;

/**
 * What chat models are built of. Everything but the model is optional; what is set here is for
 * requests that do not say it themselves. Not thread-safe.
 *
 * @param <M> the kind of chat model
 */
public abstract sealed class ModelBuilder<M>
    permits BitNetChatModel.Builder, BitNetStreamingChatModel.Builder {
  private final BitNetChatRequestParameters.Builder parameters =
      BitNetChatRequestParameters.builder();
  private @Nullable LanguageModel model;
  private List<ChatModelListener> listeners = List.of();

  ModelBuilder() {}

  /**
   * A loaded model with a chat template. It must stay open, and is not closed.
   *
   * @param value an open model
   * @return this builder
   */
  public ModelBuilder<M> model(LanguageModel value) {
    Objects.requireNonNull(value, "value is null");
    model = value;
    return this;
  }

  /**
   * Sets what these parameters have; {@link BitNetChatRequestParameters} have the most.
   *
   * @param value the defaults of requests
   * @return this builder
   */
  public ModelBuilder<M> defaultRequestParameters(ChatRequestParameters value) {
    Objects.requireNonNull(value, "value is null");
    parameters.overrideWith(value);
    return this;
  }

  /**
   * 0 always takes the most probable token.
   *
   * @param value 0 or more
   * @return this builder
   */
  public ModelBuilder<M> temperature(double value) {
    parameters.temperature(value);
    return this;
  }

  /**
   * Keeps the fewest most probable tokens whose probabilities sum to at least this.
   *
   * @param value 0 to 1
   * @return this builder
   */
  public ModelBuilder<M> topP(double value) {
    parameters.topP(value);
    return this;
  }

  /**
   * Keeps the k most probable tokens; 0 keeps all.
   *
   * @param value 0 or more
   * @return this builder
   */
  public ModelBuilder<M> topK(int value) {
    parameters.topK(value);
    return this;
  }

  /**
   * Of the random draws: with it, the same request gets the same answer.
   *
   * @param value any number
   * @return this builder
   */
  public ModelBuilder<M> seed(long value) {
    parameters.seed(value);
    return this;
  }

  /**
   * Most tokens of an answer, thinking included.
   *
   * @param value 1 or more
   * @return this builder
   */
  public ModelBuilder<M> maxOutputTokens(int value) {
    parameters.maxOutputTokens(value);
    return this;
  }

  /**
   * An answer ends before the first of these.
   *
   * @param value none of them empty
   * @return this builder
   */
  public ModelBuilder<M> stopSequences(List<String> value) {
    Objects.requireNonNull(value, "value is null");
    parameters.stopSequences(value);
    return this;
  }

  /**
   * {@return this builder, with a format of answers}
   *
   * @param value text or JSON, also of a schema
   */
  public ModelBuilder<M> responseFormat(ResponseFormat value) {
    Objects.requireNonNull(value, "value is null");
    parameters.responseFormat(value);
    return this;
  }

  /**
   * Whether the model thinks before it answers, where its chat template leaves a choice.
   *
   * @param value true to think
   * @return this builder
   */
  public ModelBuilder<M> thinking(boolean value) {
    parameters.thinking(value);
    return this;
  }

  /**
   * {@return this builder, with listeners}
   *
   * @param value hear of every request
   */
  public ModelBuilder<M> listeners(List<ChatModelListener> value) {
    Objects.requireNonNull(value, "value is null");
    listeners = List.copyOf(value);
    return this;
  }

  /**
   * Builds the model.
   *
   * @return a chat model, safe to share between threads
   * @throws NullPointerException if there is no model
   * @throws IllegalStateException if the model has no chat template, or is closed
   * @throws dev.langchain4j.exception.UnsupportedFeatureException if the parameters name another
   *     model
   */
  public M build() {
    Requests requests =
        new Requests(
            Objects.requireNonNull(model, "A chat model is built of a model: set model(…)."),
            parameters.build());
    return build(requests, listeners);
  }

  abstract M build(Requests requests, List<ChatModelListener> listeners);
}
