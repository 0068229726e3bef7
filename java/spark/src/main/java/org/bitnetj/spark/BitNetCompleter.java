package org.bitnetj.spark;

import java.util.List;
import java.util.Objects;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * Completes a column of prompts in a pipeline, as {@link BitNet#complete} does. The column of
 * results has the texts; where there is an error or no prompt, it is null. The parameters are those
 * of {@link CompletionOptions}.
 *
 * @serial exclude
 */
public final class BitNetCompleter extends BitNetStage<BitNetCompleter> {
  private static final long serialVersionUID = 1L;

  private final IntParam maxTokens;
  private final DoubleParam temperature;
  private final IntParam topK;
  private final DoubleParam topP;
  private final DoubleParam minP;
  private final LongParam seed;
  private final StringArrayParam stopStrings;
  private final BooleanParam chat;
  private final Param<String> system;
  private final BooleanParam thinking;
  private final Param<String> jsonSchema;

  /** Makes a stage with an id of its own. */
  public BitNetCompleter() {
    this(newUid("bitnet_completer"));
  }

  /**
   * Makes a stage.
   *
   * @param uid its id, which saved stages keep
   */
  public BitNetCompleter(String uid) {
    super(uid);
    maxTokens = new IntParam(uid, "maxTokens", "most tokens of a text");
    temperature = new DoubleParam(uid, "temperature", "divides the logits; 0 is greedy");
    topK = new IntParam(uid, "topK", "keeps the k most probable tokens; 0 keeps all");
    topP = new DoubleParam(uid, "topP", "keeps tokens whose probabilities sum to this");
    minP = new DoubleParam(uid, "minP", "keeps tokens this times as probable as the first");
    seed = new LongParam(uid, "seed", "of the random draws");
    stopStrings = new StringArrayParam(this, "stopStrings", "end a text");
    chat = new BooleanParam(uid, "chat", "whether prompts are messages that are answered");
    system = parameter("system", "system message of each chat");
    thinking = new BooleanParam(uid, "thinking", "whether the model thinks before it answers");
    jsonSchema = parameter("jsonSchema", "JSON Schema that texts are held to");
    CompletionOptions defaults = CompletionOptions.of("none");
    setDefault(inputCol(), "prompt");
    setDefault(outputCol(), "completion");
    setDefault(maxTokens, defaults.maxTokens());
    setDefault(temperature, defaults.temperature());
    setDefault(topK, defaults.topK());
    setDefault(topP, defaults.topP());
    setDefault(minP, defaults.minP());
    setDefault(seed, defaults.seed());
    setDefault(stopStrings, new String[0]);
    setDefault(chat, defaults.chat());
  }

  /**
   * Reads saved stages; pipelines find it by its name.
   *
   * @return the reader
   */
  public static MLReader<BitNetCompleter> read() {
    return new DefaultParamsReader<>();
  }

  /**
   * Reads a saved stage.
   *
   * @param path where it was saved
   * @return the stage
   */
  public static BitNetCompleter load(String path) {
    Objects.requireNonNull(path, "path is null");
    return read().load(path);
  }

  @Override
  BitNetCompleter self() {
    return this;
  }

  @Override
  Column call(Column text) {
    return BitNet.complete(text, options());
  }

  @Override
  Column result(Column call) {
    return call.getField("text");
  }

  @Override
  DataType resultType() {
    return DataTypes.StringType;
  }

  /** What the parameters say. */
  private CompletionOptions options() {
    return new CompletionOptions(
        model(),
        this.<Integer>value(maxTokens),
        this.<Double>value(temperature),
        this.<Integer>value(topK),
        this.<Double>value(topP),
        this.<Double>value(minP),
        this.<Long>value(seed),
        List.of(this.<String[]>value(stopStrings)),
        this.<Boolean>value(chat),
        isDefined(system) ? this.<String>value(system) : null,
        isDefined(thinking) ? this.<Boolean>value(thinking) : null,
        isDefined(jsonSchema) ? this.<String>value(jsonSchema) : null,
        null);
  }

  /**
   * Sets {@link CompletionOptions#maxTokens}.
   *
   * @param value the new one
   * @return this stage
   */
  public BitNetCompleter setMaxTokens(int value) {
    return with(maxTokens, value);
  }

  /**
   * Sets {@link CompletionOptions#temperature}.
   *
   * @param value the new one
   * @return this stage
   */
  public BitNetCompleter setTemperature(double value) {
    return with(temperature, value);
  }

  /**
   * Sets {@link CompletionOptions#topK}.
   *
   * @param value the new one
   * @return this stage
   */
  public BitNetCompleter setTopK(int value) {
    return with(topK, value);
  }

  /**
   * Sets {@link CompletionOptions#topP}.
   *
   * @param value the new one
   * @return this stage
   */
  public BitNetCompleter setTopP(double value) {
    return with(topP, value);
  }

  /**
   * Sets {@link CompletionOptions#minP}.
   *
   * @param value the new one
   * @return this stage
   */
  public BitNetCompleter setMinP(double value) {
    return with(minP, value);
  }

  /**
   * Sets {@link CompletionOptions#seed}.
   *
   * @param value the new one
   * @return this stage
   */
  public BitNetCompleter setSeed(long value) {
    return with(seed, value);
  }

  /**
   * Sets {@link CompletionOptions#stopStrings}.
   *
   * @param value the new one
   * @return this stage
   */
  public BitNetCompleter setStopStrings(String... value) {
    Objects.requireNonNull(value, "value is null");
    return with(stopStrings, value);
  }

  /**
   * Sets {@link CompletionOptions#chat}.
   *
   * @param value the new one
   * @return this stage
   */
  public BitNetCompleter setChat(boolean value) {
    return with(chat, value);
  }

  /**
   * Sets {@link CompletionOptions#system}. Makes it a chat.
   *
   * @param value the new one
   * @return this stage
   */
  public BitNetCompleter setSystem(String value) {
    Objects.requireNonNull(value, "value is null");
    setChat(true);
    return with(system, value);
  }

  /**
   * Sets {@link CompletionOptions#thinking}. Makes it a chat.
   *
   * @param value the new one
   * @return this stage
   */
  public BitNetCompleter setThinking(boolean value) {
    setChat(true);
    return with(thinking, value);
  }

  /**
   * Sets {@link CompletionOptions#jsonSchema}.
   *
   * @param value the new one
   * @return this stage
   */
  public BitNetCompleter setJsonSchema(String value) {
    Objects.requireNonNull(value, "value is null");
    return with(jsonSchema, value);
  }

  /** {@return the parameter of {@link CompletionOptions#maxTokens}} */
  public IntParam maxTokens() {
    return maxTokens;
  }

  /** {@return the parameter of {@link CompletionOptions#temperature}} */
  public DoubleParam temperature() {
    return temperature;
  }

  /** {@return the parameter of {@link CompletionOptions#topK}} */
  public IntParam topK() {
    return topK;
  }

  /** {@return the parameter of {@link CompletionOptions#topP}} */
  public DoubleParam topP() {
    return topP;
  }

  /** {@return the parameter of {@link CompletionOptions#minP}} */
  public DoubleParam minP() {
    return minP;
  }

  /** {@return the parameter of {@link CompletionOptions#seed}} */
  public LongParam seed() {
    return seed;
  }

  /** {@return the parameter of {@link CompletionOptions#stopStrings}} */
  public StringArrayParam stopStrings() {
    return stopStrings;
  }

  /** {@return the parameter of {@link CompletionOptions#chat}} */
  public BooleanParam chat() {
    return chat;
  }

  /** {@return the parameter of {@link CompletionOptions#system}} */
  public Param<String> system() {
    return system;
  }

  /** {@return the parameter of {@link CompletionOptions#thinking}} */
  public BooleanParam thinking() {
    return thinking;
  }

  /** {@return the parameter of {@link CompletionOptions#jsonSchema}} */
  public Param<String> jsonSchema() {
    return jsonSchema;
  }
}
