package org.bitnetj.spark;

import java.util.List;
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

  public BitNetCompleter() {
    this(newUid("bitnet_completer"));
  }

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

  /** Reads a saved stage; pipelines find it by its name. */
  public static MLReader<BitNetCompleter> read() {
    return new DefaultParamsReader<>();
  }

  public static BitNetCompleter load(String path) {
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

  public BitNetCompleter setMaxTokens(int value) {
    return with(maxTokens, value);
  }

  public BitNetCompleter setTemperature(double value) {
    return with(temperature, value);
  }

  public BitNetCompleter setTopK(int value) {
    return with(topK, value);
  }

  public BitNetCompleter setTopP(double value) {
    return with(topP, value);
  }

  public BitNetCompleter setMinP(double value) {
    return with(minP, value);
  }

  public BitNetCompleter setSeed(long value) {
    return with(seed, value);
  }

  public BitNetCompleter setStopStrings(String... value) {
    return with(stopStrings, value);
  }

  public BitNetCompleter setChat(boolean value) {
    return with(chat, value);
  }

  /** Makes it a chat. */
  public BitNetCompleter setSystem(String value) {
    setChat(true);
    return with(system, value);
  }

  /** Makes it a chat. */
  public BitNetCompleter setThinking(boolean value) {
    setChat(true);
    return with(thinking, value);
  }

  public BitNetCompleter setJsonSchema(String value) {
    return with(jsonSchema, value);
  }

  public IntParam maxTokens() {
    return maxTokens;
  }

  public DoubleParam temperature() {
    return temperature;
  }

  public IntParam topK() {
    return topK;
  }

  public DoubleParam topP() {
    return topP;
  }

  public DoubleParam minP() {
    return minP;
  }

  public LongParam seed() {
    return seed;
  }

  public StringArrayParam stopStrings() {
    return stopStrings;
  }

  public BooleanParam chat() {
    return chat;
  }

  public Param<String> system() {
    return system;
  }

  public BooleanParam thinking() {
    return thinking;
  }

  public Param<String> jsonSchema() {
    return jsonSchema;
  }
}
