package org.bitnetj.springai;

import java.util.Objects;
import org.bitnetj.constraint.Constraint;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;

/**
 * Spring AI's options of a chat request, and those that only models of the engine have. What is
 * null is left to the engine. Immutable.
 */
public final class BitNetChatOptions extends DefaultToolCallingChatOptions
    implements StructuredOutputChatOptions {
  /** Whether an answer calls tools. */
  public enum ToolChoice {
    /** It may. */
    AUTO,
    /** It calls at least one. Not for {@code ChatClient}, which asks again after each call. */
    REQUIRED,
    /** It does not, and the model is told of none. */
    NONE
  }

  private final Own own;

  /** What {@link DefaultToolCallingChatOptions} has not; the builder says what each is. */
  private record Own(
      @Nullable Long seed,
      @Nullable Double minP,
      @Nullable Double repetitionPenalty,
      @Nullable Boolean thinking,
      @Nullable ToolChoice toolChoice,
      @Nullable Boolean parallelToolCalls,
      @Nullable String outputSchema,
      @Nullable Constraint constraint) {}

  private BitNetChatOptions(DefaultToolCallingChatOptions common, Own own) {
    super(
        common.getToolCallbacks(),
        common.getToolContext(),
        common.getModel(),
        common.getFrequencyPenalty(),
        common.getMaxTokens(),
        common.getPresencePenalty(),
        common.getStopSequences(),
        common.getTemperature(),
        common.getTopK(),
        common.getTopP());
    this.own = own;
  }

  /** {@return of the random draws: with it, the same request gets the same answer} */
  public @Nullable Long getSeed() {
    return own.seed;
  }

  /** {@return keeps the tokens at least this times as probable as the most probable one} */
  public @Nullable Double getMinP() {
    return own.minP;
  }

  /**
   * {@return divides the positive and multiplies the negative logits of tokens that have occurred}
   */
  public @Nullable Double getRepetitionPenalty() {
    return own.repetitionPenalty;
  }

  /**
   * {@return whether the model thinks before it answers, where its chat template leaves a choice}
   */
  public @Nullable Boolean getThinking() {
    return own.thinking;
  }

  /** {@return whether an answer may, must or must not call tools; by default it may} */
  public @Nullable ToolChoice getToolChoice() {
    return own.toolChoice;
  }

  /** {@return whether an answer that must call tools may have several calls; by default it may} */
  public @Nullable Boolean getParallelToolCalls() {
    return own.parallelToolCalls;
  }

  /** The JSON schema that the answer is of: it is held to it while it is generated. */
  @Override
  public @Nullable String getOutputSchema() {
    return own.outputSchema;
  }

  /**
   * {@return what the whole reply must be, thinking and calls included} It takes the place of an
   * output schema and of a tool choice that requires calls, and cannot be given together with
   * these.
   */
  public @Nullable Constraint getConstraint() {
    return own.constraint;
  }

  @Override
  public Builder mutate() {
    return builder().with(this);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return super.equals(other) && other instanceof BitNetChatOptions that && own.equals(that.own);
  }

  @Override
  public int hashCode() {
    return Objects.hash(super.hashCode(), own);
  }

  /**
   * No options.
   *
   * @return a builder without options
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects options. Not thread-safe. */
  public static final class Builder extends DefaultToolCallingChatOptions.Builder<Builder>
      implements StructuredOutputChatOptions.Builder<Builder> {
    private @Nullable Long seed;
    private @Nullable Double minP;
    private @Nullable Double repetitionPenalty;
    private @Nullable Boolean thinking;
    private @Nullable ToolChoice toolChoice;
    private @Nullable Boolean parallelToolCalls;
    private @Nullable String outputSchema;
    private @Nullable Constraint constraint;

    private Builder() {}

    private Builder with(BitNetChatOptions options) {
      Own own = options.own;
      return model(options.getModel())
          .frequencyPenalty(options.getFrequencyPenalty())
          .maxTokens(options.getMaxTokens())
          .presencePenalty(options.getPresencePenalty())
          .stopSequences(options.getStopSequences())
          .temperature(options.getTemperature())
          .topK(options.getTopK())
          .topP(options.getTopP())
          .toolCallbacks(options.getToolCallbacks())
          .toolContext(options.getToolContext())
          .seed(own.seed)
          .minP(own.minP)
          .repetitionPenalty(own.repetitionPenalty)
          .thinking(own.thinking)
          .toolChoice(own.toolChoice)
          .parallelToolCalls(own.parallelToolCalls)
          .outputSchema(own.outputSchema)
          .constraint(own.constraint);
    }

    /**
     * {@return this builder, with a value for {@link BitNetChatOptions#getSeed}}
     *
     * @param value null for the default
     */
    public Builder seed(@Nullable Long value) {
      seed = value;
      return this;
    }

    /**
     * {@return this builder, with a value for {@link BitNetChatOptions#getMinP}}
     *
     * @param value null for the default
     */
    public Builder minP(@Nullable Double value) {
      minP = value;
      return this;
    }

    /**
     * {@return this builder, with a value for {@link BitNetChatOptions#getRepetitionPenalty}}
     *
     * @param value null for the default
     */
    public Builder repetitionPenalty(@Nullable Double value) {
      repetitionPenalty = value;
      return this;
    }

    /**
     * {@return this builder, with a value for {@link BitNetChatOptions#getThinking}}
     *
     * @param value null for the default
     */
    public Builder thinking(@Nullable Boolean value) {
      thinking = value;
      return this;
    }

    /**
     * {@return this builder, with a value for {@link BitNetChatOptions#getToolChoice}}
     *
     * @param value null for the default
     */
    public Builder toolChoice(@Nullable ToolChoice value) {
      toolChoice = value;
      return this;
    }

    /**
     * {@return this builder, with a value for {@link BitNetChatOptions#getParallelToolCalls}}
     *
     * @param value null for the default
     */
    public Builder parallelToolCalls(@Nullable Boolean value) {
      parallelToolCalls = value;
      return this;
    }

    @Override
    public Builder outputSchema(@Nullable String value) {
      outputSchema = value;
      return this;
    }

    /**
     * {@return this builder, with a value for {@link BitNetChatOptions#getConstraint}}
     *
     * @param value null for the default
     */
    public Builder constraint(@Nullable Constraint value) {
      constraint = value;
      return this;
    }

    @Override
    public Builder combineWith(ChatOptions.Builder<?> other) {
      Objects.requireNonNull(other, "other is null");
      super.combineWith(other);
      if (other instanceof Builder that) {
        seed = that.seed == null ? seed : that.seed;
        minP = that.minP == null ? minP : that.minP;
        repetitionPenalty =
            that.repetitionPenalty == null ? repetitionPenalty : that.repetitionPenalty;
        thinking = that.thinking == null ? thinking : that.thinking;
        toolChoice = that.toolChoice == null ? toolChoice : that.toolChoice;
        parallelToolCalls =
            that.parallelToolCalls == null ? parallelToolCalls : that.parallelToolCalls;
        outputSchema = that.outputSchema == null ? outputSchema : that.outputSchema;
        constraint = that.constraint == null ? constraint : that.constraint;
      }
      return this;
    }

    @Override
    public BitNetChatOptions build() {
      return new BitNetChatOptions(
          (DefaultToolCallingChatOptions) super.build(),
          new Own(
              seed,
              minP,
              repetitionPenalty,
              thinking,
              toolChoice,
              parallelToolCalls,
              outputSchema,
              constraint));
    }
  }
}
