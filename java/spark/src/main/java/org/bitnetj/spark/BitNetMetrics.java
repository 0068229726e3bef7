package org.bitnetj.spark;

import java.io.Serializable;
import java.util.Objects;
import org.apache.spark.SparkContext;
import org.apache.spark.util.LongAccumulator;

/**
 * What rows took, as Spark's named accumulators: an application reads the sums, and Spark's UI
 * shows them for each stage and task. Give them to {@link CompletionOptions#withMetrics} or {@link
 * EmbeddingOptions#withMetrics}; several columns may share one. As with all accumulators of
 * transformations, rows that are computed again (a lost partition, a second action) count again.
 * Independently of this, the operator in the SQL tab shows the same numbers for its query.
 *
 * @serial exclude
 */
public final class BitNetMetrics implements Serializable {
  private static final long serialVersionUID = 1L;

  private final LongAccumulator rows;
  private final LongAccumulator errors;
  private final LongAccumulator promptTokens;
  private final LongAccumulator cachedPromptTokens;
  private final LongAccumulator generatedTokens;

  private BitNetMetrics(SparkContext context, String name) {
    rows = context.longAccumulator(name + ": rows");
    errors = context.longAccumulator(name + ": errors");
    promptTokens = context.longAccumulator(name + ": prompt tokens");
    cachedPromptTokens = context.longAccumulator(name + ": cached prompt tokens");
    generatedTokens = context.longAccumulator(name + ": generated tokens");
  }

  /**
   * Registers accumulators, on the driver.
   *
   * @param context of the application
   * @param name the beginning of their names
   * @return the accumulators, all 0
   */
  public static BitNetMetrics register(SparkContext context, String name) {
    Objects.requireNonNull(context, "context is null");
    Objects.requireNonNull(name, "name is null");
    return new BitNetMetrics(context, name);
  }

  /** {@return rows that have a result; rows without a text, and those with errors, among them} */
  public long rows() {
    return rows.sum();
  }

  /** {@return rows whose result is an error} */
  public long errors() {
    return errors.sum();
  }

  /** {@return tokens of the prompts, or of embedded texts} */
  public long promptTokens() {
    return promptTokens.sum();
  }

  /** {@return tokens of prompts that were not computed, since another row had begun alike} */
  public long cachedPromptTokens() {
    return cachedPromptTokens.sum();
  }

  /** {@return tokens of the texts} */
  public long generatedTokens() {
    return generatedTokens.sum();
  }

  /** Counts a row; in the task's thread. */
  void add(RowResult result) {
    rows.add(1);
    errors.add(result.failed() ? 1 : 0);
    promptTokens.add(result.promptTokens());
    cachedPromptTokens.add(result.cachedTokens());
    generatedTokens.add(result.generatedTokens());
  }

  @Override
  public String toString() {
    return "%d rows, %d errors, %d prompt tokens (%d cached), %d generated tokens"
        .formatted(rows(), errors(), promptTokens(), cachedPromptTokens(), generatedTokens());
  }
}
