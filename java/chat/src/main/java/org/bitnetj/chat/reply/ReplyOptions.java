package org.bitnetj.chat.reply;

import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;
import org.bitnetj.constraint.Constraint;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.option.SamplingOptions;
import org.jspecify.annotations.Nullable;

/**
 * Collects how a reply is generated from what a request says of it, where null says nothing: then
 * the engine's default holds. Penalties look at the whole text, the prompt included. A value out of
 * range is refused with an {@link IllegalArgumentException} whose message is a sentence. Not
 * thread-safe.
 */
public final class ReplyOptions {
  private SamplingOptions sampling =
      SamplingOptions.defaults().withPenaltyWindow(Integer.MAX_VALUE);
  private GenerationOptions generation = GenerationOptions.defaults();

  /** Nothing is said yet. */
  public ReplyOptions() {}

  /**
   * {@return this, with a value for {@link SamplingOptions#temperature}}
   *
   * @param value null says nothing
   */
  public ReplyOptions temperature(@Nullable Double value) {
    return sample(value, sampling::withTemperature);
  }

  /**
   * {@return this, with a value for {@link SamplingOptions#topP}}
   *
   * @param value null says nothing
   */
  public ReplyOptions topP(@Nullable Double value) {
    return sample(value, sampling::withTopP);
  }

  /**
   * {@return this, with a value for {@link SamplingOptions#topK}}
   *
   * @param value null says nothing
   */
  public ReplyOptions topK(@Nullable Integer value) {
    return sample(value, sampling::withTopK);
  }

  /**
   * {@return this, with a value for {@link SamplingOptions#minP}}
   *
   * @param value null says nothing
   */
  public ReplyOptions minP(@Nullable Double value) {
    return sample(value, sampling::withMinP);
  }

  /**
   * {@return this, with a value for {@link SamplingOptions#repetitionPenalty}}
   *
   * @param value null says nothing
   */
  public ReplyOptions repetitionPenalty(@Nullable Double value) {
    return sample(value, sampling::withRepetitionPenalty);
  }

  /**
   * {@return this, with a value for {@link SamplingOptions#frequencyPenalty}}
   *
   * @param value null says nothing
   */
  public ReplyOptions frequencyPenalty(@Nullable Double value) {
    return sample(value, sampling::withFrequencyPenalty);
  }

  /**
   * {@return this, with a value for {@link SamplingOptions#presencePenalty}}
   *
   * @param value null says nothing
   */
  public ReplyOptions presencePenalty(@Nullable Double value) {
    return sample(value, sampling::withPresencePenalty);
  }

  /**
   * {@return this, with a value for {@link SamplingOptions#seed}}
   *
   * @param value null says nothing
   */
  public ReplyOptions seed(@Nullable Long value) {
    return sample(value, seed -> sampling.withSeed(OptionalLong.of(seed)));
  }

  /**
   * {@return this, with a value for {@link GenerationOptions#stopStrings}}
   *
   * @param value null says nothing
   */
  public ReplyOptions stopStrings(@Nullable List<String> value) {
    return generate(value, generation::withStopStrings);
  }

  /**
   * {@return this, with a value for {@link GenerationOptions#maxTokens}}
   *
   * @param value null says nothing
   */
  public ReplyOptions maxTokens(@Nullable Integer value) {
    return generate(value, generation::withMaxTokens);
  }

  /**
   * What the whole reply must be.
   *
   * @param value null says nothing
   * @return this, with that constraint
   */
  public ReplyOptions constraint(@Nullable Constraint value) {
    return generate(value, generation::withConstraint);
  }

  private <T> ReplyOptions sample(@Nullable T value, Function<T, SamplingOptions> with) {
    if (value != null) {
      sampling = with.apply(value);
    }
    return this;
  }

  private <T> ReplyOptions generate(@Nullable T value, Function<T, GenerationOptions> with) {
    if (value != null) {
      generation = with.apply(value);
    }
    return this;
  }

  /** {@return what was collected} */
  public GenerationOptions options() {
    return generation.withSampling(sampling);
  }
}
