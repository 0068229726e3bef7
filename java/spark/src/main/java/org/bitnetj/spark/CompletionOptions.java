package org.bitnetj.spark;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.option.SamplingOptions;
import org.jspecify.annotations.Nullable;

/**
 * How the prompts of a column are completed. The text of a row depends on its prompt and these
 * options alone. Immutable; constructor and {@code with} methods refuse wrong values with an {@link
 * IllegalArgumentException} whose message is a sentence.
 *
 * @param model which one, and how it is loaded; that does not change texts
 * @param maxTokens most tokens of a text
 * @param temperature divides the logits before the draw; 0 takes the most probable token (greedy)
 * @param topK keeps the k most probable tokens; 0 keeps all
 * @param topP keeps the fewest most probable tokens whose probabilities sum to at least this
 * @param minP keeps the tokens at least this times as probable as the most probable one
 * @param seed of the random draws: those of a row come from it and the row's prompt
 * @param stopStrings a text ends before the first of these
 * @param chat whether a prompt is a user's message that the model answers in the format of its chat
 *     template; if not, the model continues the prompt
 * @param system the system message before each prompt of a chat, or null
 * @param thinking whether the model thinks before it answers in a chat, where its template leaves a
 *     choice; null for the template's default. Thinking is part of the text
 * @param jsonSchema the JSON Schema that texts are held to, or null
 * @param metrics count the rows too, or null
 */
public record CompletionOptions(
    BitNetModel model,
    int maxTokens,
    double temperature,
    int topK,
    double topP,
    double minP,
    long seed,
    List<String> stopStrings,
    boolean chat,
    @Nullable String system,
    @Nullable Boolean thinking,
    @Nullable String jsonSchema,
    @Nullable BitNetMetrics metrics)
    implements RowWork, Serializable {
  private static final StructType RESULT =
      new StructType()
          .add("text", DataTypes.StringType)
          .add("error", DataTypes.StringType)
          .add("finish_reason", DataTypes.StringType)
          .add("prompt_tokens", DataTypes.IntegerType)
          .add("generated_tokens", DataTypes.IntegerType);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is wrong; the message is a sentence
   */
  public CompletionOptions {
    Objects.requireNonNull(model, "model is null");
    Objects.requireNonNull(stopStrings, "stopStrings is null");
    stopStrings = List.copyOf(stopStrings);
    if (maxTokens < 1) {
      throw new IllegalArgumentException(
          "The most tokens to generate must be 1 or more, not " + maxTokens + ".");
    }
    if (!chat && (system != null || thinking != null)) {
      throw new IllegalArgumentException(
          "A system message and thinking are of chats; set withChat(true) too.");
    }
    generation(temperature, topK, topP, minP, maxTokens, stopStrings); // refuses wrong values
    if (jsonSchema != null) {
      Grammar.jsonSchema(jsonSchema);
    }
  }

  /**
   * Greedy texts of at most 256 tokens that continue the prompts.
   *
   * @param model which one
   * @return the options
   */
  public static CompletionOptions of(BitNetModel model) {
    SamplingOptions sampling = SamplingOptions.defaults();
    return new CompletionOptions(
        model,
        256,
        0,
        sampling.topK(),
        sampling.topP(),
        sampling.minP(),
        0,
        List.of(),
        false,
        null,
        null,
        null,
        null);
  }

  /**
   * The same of a model that is loaded by {@link BitNetModel#of}.
   *
   * @param path as {@link BitNetModel#path}
   * @return the options
   */
  public static CompletionOptions of(String path) {
    return of(BitNetModel.of(path));
  }

  /**
   * {@return these options with another {@link #model}}
   *
   * @param value in its place
   */
  public CompletionOptions withModel(BitNetModel value) {
    return edit(d -> d.model = value);
  }

  /**
   * {@return these options with another {@link #maxTokens}}
   *
   * @param value in its place
   */
  public CompletionOptions withMaxTokens(int value) {
    return edit(d -> d.maxTokens = value);
  }

  /**
   * {@return these options with another {@link #temperature}}
   *
   * @param value in its place
   */
  public CompletionOptions withTemperature(double value) {
    return edit(d -> d.temperature = value);
  }

  /**
   * {@return these options with another {@link #topK}}
   *
   * @param value in its place
   */
  public CompletionOptions withTopK(int value) {
    return edit(d -> d.topK = value);
  }

  /**
   * {@return these options with another {@link #topP}}
   *
   * @param value in its place
   */
  public CompletionOptions withTopP(double value) {
    return edit(d -> d.topP = value);
  }

  /**
   * {@return these options with another {@link #minP}}
   *
   * @param value in its place
   */
  public CompletionOptions withMinP(double value) {
    return edit(d -> d.minP = value);
  }

  /**
   * {@return these options with another {@link #seed}}
   *
   * @param value in its place
   */
  public CompletionOptions withSeed(long value) {
    return edit(d -> d.seed = value);
  }

  /**
   * {@return these options with another {@link #stopStrings}}
   *
   * @param value in its place
   */
  public CompletionOptions withStopStrings(List<String> value) {
    return edit(d -> d.stopStrings = value);
  }

  /**
   * {@return these options with another {@link #chat}} Without a chat there is neither a system
   * message nor thinking.
   *
   * @param value in its place
   */
  public CompletionOptions withChat(boolean value) {
    return edit(
        d -> {
          d.chat = value;
          d.system = value ? system : null;
          d.thinking = value ? thinking : null;
        });
  }

  /**
   * {@return these options with another {@link #system}} They are of a chat then.
   *
   * @param value in its place
   */
  public CompletionOptions withSystem(String value) {
    Objects.requireNonNull(value, "value is null");
    return edit(
        d -> {
          d.chat = true;
          d.system = value;
        });
  }

  /**
   * {@return these options with another {@link #thinking}} They are of a chat then.
   *
   * @param value in its place
   */
  public CompletionOptions withThinking(boolean value) {
    return edit(
        d -> {
          d.chat = true;
          d.thinking = value;
        });
  }

  /**
   * {@return these options with another {@link #jsonSchema}}
   *
   * @param value in its place
   */
  public CompletionOptions withJsonSchema(String value) {
    Objects.requireNonNull(value, "value is null");
    return edit(d -> d.jsonSchema = value);
  }

  /**
   * {@return these options with another {@link #metrics}}
   *
   * @param value in its place
   */
  public CompletionOptions withMetrics(BitNetMetrics value) {
    Objects.requireNonNull(value, "value is null");
    return edit(d -> d.metrics = value);
  }

  private CompletionOptions edit(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.options();
  }

  @Override
  public String label() {
    return "BitNet complete, " + model.name();
  }

  @Override
  public StructType resultType() {
    return RESULT;
  }

  @Override
  public OfRow begin(SharedModel shared) {
    Objects.requireNonNull(shared, "shared is null");
    return new Completion(this, shared);
  }

  /** For the engine, without a seed. */
  GenerationOptions generation() {
    return generation(temperature, topK, topP, minP, maxTokens, stopStrings);
  }

  private static GenerationOptions generation(
      double temperature,
      int topK,
      double topP,
      double minP,
      int maxTokens,
      List<String> stopStrings) {
    return GenerationOptions.defaults()
        .withSampling(
            SamplingOptions.defaults()
                .withTemperature(temperature)
                .withTopK(topK)
                .withTopP(topP)
                .withMinP(minP))
        .withMaxTokens(maxTokens)
        .withStopStrings(stopStrings);
  }

  /** The components, while they are changed. */
  private static final class Draft {
    private BitNetModel model;
    private int maxTokens;
    private double temperature;
    private int topK;
    private double topP;
    private double minP;
    private long seed;
    private List<String> stopStrings;
    private boolean chat;
    private @Nullable String system;
    private @Nullable Boolean thinking;
    private @Nullable String jsonSchema;
    private @Nullable BitNetMetrics metrics;

    Draft(CompletionOptions from) {
      model = from.model;
      maxTokens = from.maxTokens;
      temperature = from.temperature;
      topK = from.topK;
      topP = from.topP;
      minP = from.minP;
      seed = from.seed;
      stopStrings = from.stopStrings;
      chat = from.chat;
      system = from.system;
      thinking = from.thinking;
      jsonSchema = from.jsonSchema;
      metrics = from.metrics;
    }

    CompletionOptions options() {
      return new CompletionOptions(
          model,
          maxTokens,
          temperature,
          topK,
          topP,
          minP,
          seed,
          stopStrings,
          chat,
          system,
          thinking,
          jsonSchema,
          metrics);
    }
  }
}
