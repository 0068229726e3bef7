package org.bitnetj.spark;

import java.io.Serializable;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/** What is done with each row of a column. Equal work gives equal results. Immutable. */
sealed interface RowWork extends Serializable permits CompletionOptions, EmbeddingOptions {
  /** What a text becomes, on the thread that calls it. Thread-safe. */
  interface OfRow {
    /**
     * @throws InterruptedException if the thread is interrupted
     * @throws RuntimeException if it is not this row's fault: the task fails
     */
    RowResult result(String text) throws InterruptedException;
  }

  BitNetModel model();

  @Nullable BitNetMetrics metrics();

  /** As it is shown in plans. */
  String label();

  StructType resultType();

  /**
   * Begins the work of a task.
   *
   * @throws RuntimeException if the model cannot do it, whatever the row
   */
  OfRow begin(SharedModel shared);
}
