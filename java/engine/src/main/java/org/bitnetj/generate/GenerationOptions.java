package org.bitnetj.generate;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import org.bitnetj.constraint.Constraint;
import org.bitnetj.option.SamplingOptions;

/**
 * How a text is generated and when it ends. Immutable; constructor and {@code with} methods refuse
 * wrong values with an {@link IllegalArgumentException} whose message is a sentence.
 *
 * @param sampling how each token is chosen
 * @param maxTokens most tokens of the text; {@link Integer#MAX_VALUE} means that only the context
 *     is a limit, 0 only fills the cache with the prompt
 * @param stopStrings the text ends before the first of these
 * @param stopTokens end the text as the model's own end tokens do
 * @param ignoreEnd whether end and stop tokens are treated like other tokens
 * @param showSpecials whether the names of special tokens appear in the text
 * @param shownTokens special tokens whose names appear in the text although those of others do not:
 *     marks that a reader of the text looks for
 * @param topLogprobs of how many of the most probable tokens {@link GenerationListener#onLogprobs}
 *     hears besides the chosen one, up to 100; empty if it is not called. Computing them takes time
 * @param promptLogprobs of how many of the most probable tokens {@link
 *     GenerationListener#onPromptLogprobs} hears besides the prompt's own, up to 100; empty if it
 *     is not called. All of the prompt is computed then, whatever is cached of it
 * @param constraint what the text must be, such as JSON of a schema; it is for the model's own
 *     tokenizer. The text then ends where the constraint lets it, whatever {@code ignoreEnd} says
 * @param drafting whether tokens that an earlier part of the text suggests may be computed together
 *     with the next one, where that is faster; the text is the same
 */
public record GenerationOptions(
    SamplingOptions sampling,
    int maxTokens,
    List<String> stopStrings,
    Set<Integer> stopTokens,
    boolean ignoreEnd,
    boolean showSpecials,
    Set<Integer> shownTokens,
    OptionalInt topLogprobs,
    OptionalInt promptLogprobs,
    Optional<Constraint> constraint,
    boolean drafting) {

  private static final GenerationOptions DEFAULTS =
      new GenerationOptions(
          SamplingOptions.defaults(),
          Integer.MAX_VALUE,
          List.of(),
          Set.of(),
          false,
          false,
          Set.of(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          Optional.empty(),
          true);

  /**
   * Copies the collections and checks the values.
   *
   * @throws IllegalArgumentException if one is out of its range; the message is a sentence
   */
  public GenerationOptions {
    Objects.requireNonNull(sampling, "sampling is null");
    Objects.requireNonNull(stopStrings, "stopStrings is null");
    Objects.requireNonNull(stopTokens, "stopTokens is null");
    Objects.requireNonNull(shownTokens, "shownTokens is null");
    Objects.requireNonNull(topLogprobs, "topLogprobs is null");
    Objects.requireNonNull(promptLogprobs, "promptLogprobs is null");
    Objects.requireNonNull(constraint, "constraint is null");
    stopStrings = List.copyOf(stopStrings);
    stopTokens = Set.copyOf(stopTokens);
    shownTokens = Set.copyOf(shownTokens);
    checkLogprobs(topLogprobs);
    checkLogprobs(promptLogprobs);
    if (maxTokens < 0) {
      throw new IllegalArgumentException(
          "The most tokens to generate must be 0 or more, not " + maxTokens + ".");
    }
    for (int token : stopTokens) {
      if (token < 0) {
        throw new IllegalArgumentException("A stop token is 0 or more, not " + token + ".");
      }
    }
    for (String stop : stopStrings) {
      if (stop.isEmpty()) {
        throw new IllegalArgumentException("A stop string must not be empty.");
      }
      if (stop.codePoints()
          .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
        throw new IllegalArgumentException("A stop string must not hold half a character.");
      }
    }
  }

  private static void checkLogprobs(OptionalInt count) {
    if (count.isPresent() && (count.getAsInt() < 0 || count.getAsInt() > 100)) {
      throw new IllegalArgumentException(
          "The number of log probabilities must be 0 to 100, not " + count.getAsInt() + ".");
    }
  }

  /**
   * {@return the defaults: default sampling, no limit except the context, the model's own end
   * tokens}
   */
  public static GenerationOptions defaults() {
    return DEFAULTS;
  }

  /** {@return options that always take the most probable token, else the defaults} */
  public static GenerationOptions greedy() {
    return DEFAULTS.withSampling(SamplingOptions.greedy());
  }

  /**
   * {@return these options with another {@link #sampling}}
   *
   * @param value the new one
   */
  public GenerationOptions withSampling(SamplingOptions value) {
    return edit(d -> d.sampling = value);
  }

  /**
   * The same sampling with this seed.
   *
   * @param seed of the random draws
   * @return these options with that seed
   */
  public GenerationOptions withSeed(long seed) {
    return edit(d -> d.sampling = d.sampling.withSeed(seed));
  }

  /**
   * {@return these options with another {@link #maxTokens}}
   *
   * @param value the new one
   */
  public GenerationOptions withMaxTokens(int value) {
    return edit(d -> d.maxTokens = value);
  }

  /**
   * {@return these options with another {@link #stopStrings}}
   *
   * @param value the new one
   */
  public GenerationOptions withStopStrings(List<String> value) {
    return edit(d -> d.stopStrings = value);
  }

  /**
   * {@return these options with another {@link #stopStrings}}
   *
   * @param value each ends the text; none is empty
   */
  public GenerationOptions withStopStrings(String... value) {
    Objects.requireNonNull(value, "stopStrings is null");
    return edit(d -> d.stopStrings = List.of(value));
  }

  /**
   * {@return these options with another {@link #stopTokens}}
   *
   * @param value the new one
   */
  public GenerationOptions withStopTokens(Set<Integer> value) {
    return edit(d -> d.stopTokens = value);
  }

  /**
   * {@return these options with another {@link #ignoreEnd}}
   *
   * @param value the new one
   */
  public GenerationOptions withIgnoreEnd(boolean value) {
    return edit(d -> d.ignoreEnd = value);
  }

  /**
   * {@return these options with another {@link #showSpecials}}
   *
   * @param value the new one
   */
  public GenerationOptions withShowSpecials(boolean value) {
    return edit(d -> d.showSpecials = value);
  }

  /**
   * {@return these options with another {@link #shownTokens}}
   *
   * @param value the new one
   */
  public GenerationOptions withShownTokens(Set<Integer> value) {
    return edit(d -> d.shownTokens = value);
  }

  /**
   * {@return these options with another {@link #topLogprobs}}
   *
   * @param value the new one
   */
  public GenerationOptions withTopLogprobs(int value) {
    return edit(d -> d.topLogprobs = OptionalInt.of(value));
  }

  /**
   * {@return these options with another {@link #promptLogprobs}}
   *
   * @param value the new one
   */
  public GenerationOptions withPromptLogprobs(int value) {
    return edit(d -> d.promptLogprobs = OptionalInt.of(value));
  }

  /**
   * {@return these options with another {@link #constraint}}
   *
   * @param value the new one
   */
  public GenerationOptions withConstraint(Constraint value) {
    Objects.requireNonNull(value, "constraint is null");
    return edit(d -> d.constraint = Optional.of(value));
  }

  /**
   * {@return these options with another {@link #drafting}}
   *
   * @param value the new one
   */
  public GenerationOptions withDrafting(boolean value) {
    return edit(d -> d.drafting = value);
  }

  private GenerationOptions edit(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return new GenerationOptions(
        draft.sampling,
        draft.maxTokens,
        draft.stopStrings,
        draft.stopTokens,
        draft.ignoreEnd,
        draft.showSpecials,
        draft.shownTokens,
        draft.topLogprobs,
        draft.promptLogprobs,
        draft.constraint,
        draft.drafting);
  }

  /** The components, while they are changed. */
  private static final class Draft {
    private SamplingOptions sampling;
    private int maxTokens;
    private List<String> stopStrings;
    private Set<Integer> stopTokens;
    private boolean ignoreEnd;
    private boolean showSpecials;
    private Set<Integer> shownTokens;
    private OptionalInt topLogprobs;
    private OptionalInt promptLogprobs;
    private Optional<Constraint> constraint;
    private boolean drafting;

    Draft(GenerationOptions from) {
      sampling = from.sampling;
      maxTokens = from.maxTokens;
      stopStrings = from.stopStrings;
      stopTokens = from.stopTokens;
      ignoreEnd = from.ignoreEnd;
      showSpecials = from.showSpecials;
      shownTokens = from.shownTokens;
      topLogprobs = from.topLogprobs;
      promptLogprobs = from.promptLogprobs;
      constraint = from.constraint;
      drafting = from.drafting;
    }
  }
}
