package org.bitnetj.spark;

import java.util.Objects;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;

/**
 * Embeds a column of texts in a pipeline, as {@link BitNet#embed} does. The column of results has
 * vectors of Spark ML, which other stages take as features; where there is an error or no text, it
 * is null.
 *
 * @serial exclude
 */
public final class BitNetEmbedder extends BitNetStage<BitNetEmbedder> {
  private static final long serialVersionUID = 1L;

  /** Makes a stage with an id of its own. */
  public BitNetEmbedder() {
    this(newUid("bitnet_embedder"));
  }

  /**
   * Makes a stage.
   *
   * @param uid its id, which saved stages keep
   */
  public BitNetEmbedder(String uid) {
    super(uid);
    setDefault(inputCol(), "text");
    setDefault(outputCol(), "embedding");
  }

  /**
   * Reads saved stages; pipelines find it by its name.
   *
   * @return the reader
   */
  public static MLReader<BitNetEmbedder> read() {
    return new DefaultParamsReader<>();
  }

  /**
   * Reads a saved stage.
   *
   * @param path where it was saved
   * @return the stage
   */
  public static BitNetEmbedder load(String path) {
    Objects.requireNonNull(path, "path is null");
    return read().load(path);
  }

  @Override
  BitNetEmbedder self() {
    return this;
  }

  @Override
  Column call(Column text) {
    return BitNet.embed(text, EmbeddingOptions.of(model()));
  }

  @Override
  Column result(Column call) {
    Column vector = call.getField("vector");
    return functions.when(
        vector.isNotNull(),
        org.apache.spark.ml.functions.array_to_vector(vector.cast("array<double>")));
  }

  @Override
  DataType resultType() {
    return SQLDataTypes.VectorType();
  }
}
