package org.bitnetj.spark;

import java.util.Objects;
import java.util.stream.Stream;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * What the stages of ML pipelines have in common: a column of strings, one of results, one of
 * errors, and a model, whose parameters are those of {@link BitNetModel}. A stage is saved with all
 * its parameters; the model's file is not part of it. Not thread-safe while it is set up.
 *
 * @param <S> the stage itself
 * @serial exclude
 */
public abstract sealed class BitNetStage<S extends BitNetStage<S>> extends Transformer
    implements DefaultParamsWritable permits BitNetCompleter, BitNetEmbedder {
  private static final long serialVersionUID = 1L;

  private final String uid;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final Param<String> errorCol;
  private final Param<String> modelPath;
  private final IntParam threads;
  private final IntParam rowsTogether;
  private final LongParam keptCacheBytes;
  private final BooleanParam packedCache;
  private final Param<String> chatTemplate;

  BitNetStage(String uid) {
    this.uid = Objects.requireNonNull(uid, "uid is null");
    inputCol = parameter("inputCol", "column of strings");
    outputCol = parameter("outputCol", "column of results");
    errorCol = parameter("errorCol", "column of errors; by default outputCol and _error");
    modelPath = parameter("modelPath", "model's file or folder, the same on every host");
    threads = new IntParam(uid, "threads", "computing threads of an executor; 0 for its cores");
    rowsTogether = new IntParam(uid, "rowsTogether", "most rows an executor computes at a time");
    keptCacheBytes =
        new LongParam(uid, "keptCacheBytes", "memory for keys and values of finished rows");
    packedCache = new BooleanParam(uid, "packedCache", "whether packed weights are kept in a file");
    chatTemplate = parameter("chatTemplate", "Jinja text in the place of the model's template");
    BitNetModel defaults = BitNetModel.of("none");
    setDefault(threads, defaults.threads());
    setDefault(rowsTogether, defaults.rowsTogether());
    setDefault(keptCacheBytes, defaults.keptCacheBytes());
    setDefault(packedCache, defaults.packedCache());
  }

  static String newUid(String prefix) {
    return Identifiable.randomUID(prefix);
  }

  final Param<String> parameter(String name, String doc) {
    return new Param<>(uid, name, doc, String.class);
  }

  abstract S self();

  /** The column of structs that has the result and the error. */
  abstract Column call(Column text);

  /** The result of that column. */
  abstract Column result(Column call);

  abstract DataType resultType();

  /**
   * Adds the columns.
   *
   * @throws IllegalArgumentException if a parameter is missing or wrong, there is no such column of
   *     strings, or there is a column of a result's name, in whichever case
   */
  @Override
  public final Dataset<Row> transform(Dataset<?> dataset) {
    Objects.requireNonNull(dataset, "dataset is null");
    BitNetExtensions.addTo(dataset.sparkSession());
    transformSchema(dataset.schema());
    Column call = functions.col(uid);
    return dataset
        .withColumn(uid, call(dataset.col(value(inputCol))))
        .withColumn(value(outputCol), result(call))
        .withColumn(errorName(), call.getField("error"))
        .drop(uid);
  }

  /**
   * {@return the schema of what {@link #transform} gives}
   *
   * @param schema of the table
   * @throws IllegalArgumentException as {@link #transform}
   */
  @Override
  public final StructType transformSchema(StructType schema) {
    Objects.requireNonNull(schema, "schema is null");
    String input = value(inputCol);
    if (!java.util.List.of(schema.fieldNames()).contains(input)) {
      throw new IllegalArgumentException("%s: there is no column %s.".formatted(uid, input));
    }
    DataType type = schema.apply(input).dataType();
    if (!(type instanceof StringType)) {
      throw new IllegalArgumentException(
          "%s: column %s must be strings, not %s.".formatted(uid, input, type.simpleString()));
    }
    return with(with(schema, value(outputCol), resultType()), errorName(), DataTypes.StringType);
  }

  private StructType with(StructType schema, String name, DataType type) {
    if (Stream.of(schema.fieldNames()).anyMatch(name::equalsIgnoreCase)) {
      throw new IllegalArgumentException("%s: there is a column %s already.".formatted(uid, name));
    }
    return schema.add(name, type, true);
  }

  private String errorName() {
    return isDefined(errorCol) ? value(errorCol) : value(outputCol) + "_error";
  }

  /**
   * A parameter's value, or its default.
   *
   * @throws IllegalArgumentException if it has none
   */
  @SuppressWarnings("unchecked") // Scala's numbers are objects to Java
  final <T> T value(Param<?> parameter) {
    if (!isDefined(parameter)) {
      throw new IllegalArgumentException("%s: %s is not set.".formatted(uid, parameter.name()));
    }
    return (T) getOrDefault(parameter);
  }

  final S with(Param<?> parameter, Object value) {
    set(parameter.name(), value);
    return self();
  }

  final BitNetModel model() {
    BitNetModel model =
        new BitNetModel(
            value(modelPath),
            this.<Integer>value(threads),
            this.<Integer>value(rowsTogether),
            this.<Long>value(keptCacheBytes),
            this.<Boolean>value(packedCache),
            null);
    return isDefined(chatTemplate) ? model.withChatTemplate(value(chatTemplate)) : model;
  }

  /** {@return the stage's id} */
  @Override
  public final String uid() {
    return uid;
  }

  /**
   * {@return a copy with more parameters set}
   *
   * @param extra these
   */
  @Override
  public final Transformer copy(ParamMap extra) {
    Objects.requireNonNull(extra, "extra is null");
    return defaultCopy(extra);
  }

  /**
   * Sets the column of strings.
   *
   * @param name its name
   * @return this stage
   */
  public final S setInputCol(String name) {
    Objects.requireNonNull(name, "name is null");
    return with(inputCol, name);
  }

  /**
   * Sets the column of results.
   *
   * @param name its name
   * @return this stage
   */
  public final S setOutputCol(String name) {
    Objects.requireNonNull(name, "name is null");
    return with(outputCol, name);
  }

  /**
   * Sets the column of errors: by default the name of the column of results and {@code _error}.
   *
   * @param name its name
   * @return this stage
   */
  public final S setErrorCol(String name) {
    Objects.requireNonNull(name, "name is null");
    return with(errorCol, name);
  }

  /**
   * Sets {@link BitNetModel#path}.
   *
   * @param path the new one
   * @return this stage
   */
  public final S setModelPath(String path) {
    Objects.requireNonNull(path, "path is null");
    return with(modelPath, path);
  }

  /**
   * Sets all that a model has, its path among it.
   *
   * @param model which one
   * @return this stage
   */
  public final S setModel(BitNetModel model) {
    Objects.requireNonNull(model, "model is null");
    with(modelPath, model.path());
    with(threads, model.threads());
    with(rowsTogether, model.rowsTogether());
    with(keptCacheBytes, model.keptCacheBytes());
    with(packedCache, model.packedCache());
    if (model.chatTemplate() == null) {
      clear(chatTemplate);
    } else {
      with(chatTemplate, model.chatTemplate());
    }
    return self();
  }

  /** {@return the parameter of the column of strings} */
  public final Param<String> inputCol() {
    return inputCol;
  }

  /** {@return the parameter of the column of results} */
  public final Param<String> outputCol() {
    return outputCol;
  }

  /** {@return the parameter of the column of errors} */
  public final Param<String> errorCol() {
    return errorCol;
  }

  /** {@return the parameter of {@link BitNetModel#path}} */
  public final Param<String> modelPath() {
    return modelPath;
  }

  /** {@return the parameter of {@link BitNetModel#threads}} */
  public final IntParam threads() {
    return threads;
  }

  /** {@return the parameter of {@link BitNetModel#rowsTogether}} */
  public final IntParam rowsTogether() {
    return rowsTogether;
  }

  /** {@return the parameter of {@link BitNetModel#keptCacheBytes}} */
  public final LongParam keptCacheBytes() {
    return keptCacheBytes;
  }

  /** {@return the parameter of {@link BitNetModel#packedCache}} */
  public final BooleanParam packedCache() {
    return packedCache;
  }

  /** {@return the parameter of {@link BitNetModel#chatTemplate}} */
  public final Param<String> chatTemplate() {
    return chatTemplate;
  }
}
