package org.bitnetj.langchain4j;

import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import java.util.Objects;
import org.bitnetj.constraint.Constraint;
import org.jspecify.annotations.Nullable;

/**
 * LangChain4j's parameters of a chat request, and those that only models of the engine have. What
 * is null is left to the model's defaults. Immutable.
 */
public final class BitNetChatRequestParameters extends DefaultChatRequestParameters {
  private final @Nullable Long seed;
  private final @Nullable Double minP;
  private final @Nullable Double repetitionPenalty;
  private final @Nullable Boolean thinking;
  private final @Nullable Boolean parallelToolCalls;
  private final @Nullable Constraint constraint;

  private BitNetChatRequestParameters(Builder builder) {
    super(builder);
    this.seed = builder.seed;
    this.minP = builder.minP;
    this.repetitionPenalty = builder.repetitionPenalty;
    this.thinking = builder.thinking;
    this.parallelToolCalls = builder.parallelToolCalls;
    this.constraint = builder.constraint;
  }

  /** {@return of the random draws: with it, the same request gets the same answer} */
  public @Nullable Long seed() {
    return seed;
  }

  /** {@return keeps the tokens at least this times as probable as the most probable one} */
  public @Nullable Double minP() {
    return minP;
  }

  /**
   * {@return divides the positive and multiplies the negative logits of tokens that have occurred}
   */
  public @Nullable Double repetitionPenalty() {
    return repetitionPenalty;
  }

  /**
   * {@return whether the model thinks before it answers, where its chat template leaves a choice}
   */
  public @Nullable Boolean thinking() {
    return thinking;
  }

  /** {@return whether an answer that must call tools may have several calls; by default it may} */
  public @Nullable Boolean parallelToolCalls() {
    return parallelToolCalls;
  }

  /**
   * {@return what the whole reply must be, thinking and calls included} It takes the place of a
   * response format and of a tool choice that requires calls, and cannot be given together with
   * these.
   */
  public @Nullable Constraint constraint() {
    return constraint;
  }

  @Override
  public BitNetChatRequestParameters overrideWith(ChatRequestParameters that) {
    Objects.requireNonNull(that, "that is null");
    return builder().overrideWith(this).overrideWith(that).build();
  }

  @Override
  public BitNetChatRequestParameters defaultedBy(ChatRequestParameters that) {
    Objects.requireNonNull(that, "that is null");
    return builder().overrideWith(that).overrideWith(this).build();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return super.equals(other)
        && other instanceof BitNetChatRequestParameters that
        && Objects.equals(seed, that.seed)
        && Objects.equals(minP, that.minP)
        && Objects.equals(repetitionPenalty, that.repetitionPenalty)
        && Objects.equals(thinking, that.thinking)
        && Objects.equals(parallelToolCalls, that.parallelToolCalls)
        && Objects.equals(constraint, that.constraint);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        super.hashCode(), seed, minP, repetitionPenalty, thinking, parallelToolCalls, constraint);
  }

  @Override
  public String toString() {
    return "%s, seed=%s, minP=%s, repetitionPenalty=%s, thinking=%s, parallelToolCalls=%s, constraint=%s"
        .formatted(
            super.toString(),
            seed,
            minP,
            repetitionPenalty,
            thinking,
            parallelToolCalls,
            constraint);
  }

  /** {@return a builder without parameters} */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects parameters. Not thread-safe. */
  public static final class Builder extends DefaultChatRequestParameters.Builder<Builder> {
    private @Nullable Long seed;
    private @Nullable Double minP;
    private @Nullable Double repetitionPenalty;
    private @Nullable Boolean thinking;
    private @Nullable Boolean parallelToolCalls;
    private @Nullable Constraint constraint;

    private Builder() {}

    @Override
    public Builder overrideWith(ChatRequestParameters parameters) {
      Objects.requireNonNull(parameters, "parameters is null");
      super.overrideWith(parameters);
      if (parameters instanceof BitNetChatRequestParameters more) {
        seed = more.seed == null ? seed : more.seed;
        minP = more.minP == null ? minP : more.minP;
        repetitionPenalty =
            more.repetitionPenalty == null ? repetitionPenalty : more.repetitionPenalty;
        thinking = more.thinking == null ? thinking : more.thinking;
        parallelToolCalls =
            more.parallelToolCalls == null ? parallelToolCalls : more.parallelToolCalls;
        constraint = more.constraint == null ? constraint : more.constraint;
      }
      return this;
    }

    /**
     * {@return this builder, with a value for {@link BitNetChatRequestParameters#seed}}
     *
     * @param value null for the default
     */
    public Builder seed(@Nullable Long value) {
      seed = value;
      return this;
    }

    /**
     * {@return this builder, with a value for {@link BitNetChatRequestParameters#minP}}
     *
     * @param value null for the default
     */
    public Builder minP(@Nullable Double value) {
      minP = value;
      return this;
    }

    /**
     * {@return this builder, with a value for {@link
     * BitNetChatRequestParameters#repetitionPenalty}}
     *
     * @param value null for the default
     */
    public Builder repetitionPenalty(@Nullable Double value) {
      repetitionPenalty = value;
      return this;
    }

    /**
     * {@return this builder, with a value for {@link BitNetChatRequestParameters#thinking}}
     *
     * @param value null for the default
     */
    public Builder thinking(@Nullable Boolean value) {
      thinking = value;
      return this;
    }

    /**
     * {@return this builder, with a value for {@link
     * BitNetChatRequestParameters#parallelToolCalls}}
     *
     * @param value null for the default
     */
    public Builder parallelToolCalls(@Nullable Boolean value) {
      parallelToolCalls = value;
      return this;
    }

    /**
     * {@return this builder, with a value for {@link BitNetChatRequestParameters#constraint}}
     *
     * @param value null for the default
     */
    public Builder constraint(@Nullable Constraint value) {
      constraint = value;
      return this;
    }

    @Override
    public BitNetChatRequestParameters build() {
      return new BitNetChatRequestParameters(this);
    }
  }
}
