package org.bitnetj.spark;

import java.io.Serializable;
import java.util.Objects;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * How the texts of a column are embedded: pooled as the model says, or else by the last token. The
 * vector of a row depends on its text and the model alone. Immutable.
 *
 * @param model which one, and how it is loaded
 * @param metrics count the rows too, or null
 */
public record EmbeddingOptions(BitNetModel model, @Nullable BitNetMetrics metrics)
    implements RowWork, Serializable {
  private static final StructType RESULT =
      new StructType()
          .add("vector", DataTypes.createArrayType(DataTypes.FloatType, false))
          .add("error", DataTypes.StringType)
          .add("tokens", DataTypes.IntegerType);

  /**
   * Checks the values.
   *
   * @throws NullPointerException if the model is null
   */
  public EmbeddingOptions {
    Objects.requireNonNull(model, "model is null");
  }

  /**
   * Options without metrics.
   *
   * @param model which one
   * @return the options
   */
  public static EmbeddingOptions of(BitNetModel model) {
    return new EmbeddingOptions(model, null);
  }

  /**
   * The same of a model that is loaded by {@link BitNetModel#of}.
   *
   * @param path as {@link BitNetModel#path}
   * @return the options
   */
  public static EmbeddingOptions of(String path) {
    return of(BitNetModel.of(path));
  }

  /**
   * {@return these options with another {@link #metrics}}
   *
   * @param value in its place
   */
  public EmbeddingOptions withMetrics(BitNetMetrics value) {
    Objects.requireNonNull(value, "value is null");
    return new EmbeddingOptions(model, value);
  }

  @Override
  public String label() {
    return "BitNet embed, " + model.name();
  }

  @Override
  public StructType resultType() {
    return RESULT;
  }

  @Override
  public OfRow begin(SharedModel shared) {
    Objects.requireNonNull(shared, "shared is null");
    return new Embedding(shared);
  }
}
