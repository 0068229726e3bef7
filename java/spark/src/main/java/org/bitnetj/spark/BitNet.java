package org.bitnetj.spark;

import java.util.Objects;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.classic.ExpressionUtils;
import scala.Option;

/**
 * Column functions that complete and embed texts by a model in the executors. The result of a row
 * depends on its text and the options alone: not on partitions, retries, other rows or the machine.
 * A text that is null has a null result. A text that cannot be computed, such as one that is longer
 * than the model's context, has a sentence in the field {@code error} and null in the others, and
 * fails neither task nor job; a model that cannot be loaded, has no memory for a row, or computes
 * NaN, does.
 *
 * <p>The columns are computed by an operator of their own that has many rows of a partition under
 * way, wherever they stand in a query. Rows of all tasks of an executor share the model's steps,
 * and a beginning that prompts share is computed once. To Spark the columns are not deterministic,
 * so that it computes none twice: it moves no filter below them. Conditions beside a call in one
 * filter are tested before it, and a limit above the columns computes at most its number of rows in
 * each partition that is read.
 */
public final class BitNet {
  private BitNet() {}

  /**
   * Completes prompts.
   *
   * @param prompt a column of strings
   * @param options which model, and how
   * @return a column of structs: {@code text}, {@code error}, {@code finish_reason} ({@code stop}
   *     or, cut by a limit, {@code length}), {@code prompt_tokens} and {@code generated_tokens}
   */
  public static Column complete(Column prompt, CompletionOptions options) {
    Objects.requireNonNull(prompt, "prompt is null");
    Objects.requireNonNull(options, "options is null");
    return call(options, prompt);
  }

  /**
   * Completes prompts greedily.
   *
   * @param prompt a column of strings
   * @param model its path, as in {@link BitNetModel#of}
   * @return as {@link #complete(Column, CompletionOptions)}
   */
  public static Column complete(Column prompt, String model) {
    Objects.requireNonNull(prompt, "prompt is null");
    Objects.requireNonNull(model, "model is null");
    return complete(prompt, CompletionOptions.of(model));
  }

  /**
   * Embeds texts.
   *
   * @param text a column of strings
   * @param options which model
   * @return a column of structs: {@code vector}, an array of floats whose length (L2) is 1, {@code
   *     error} and {@code tokens}
   */
  public static Column embed(Column text, EmbeddingOptions options) {
    Objects.requireNonNull(text, "text is null");
    Objects.requireNonNull(options, "options is null");
    return call(options, text);
  }

  /**
   * Embeds texts.
   *
   * @param text a column of strings
   * @param model its path, as in {@link BitNetModel#of}
   * @return as {@link #embed(Column, EmbeddingOptions)}
   */
  public static Column embed(Column text, String model) {
    Objects.requireNonNull(text, "text is null");
    Objects.requireNonNull(model, "model is null");
    return embed(text, EmbeddingOptions.of(model));
  }

  private static Column call(RowWork work, Column text) {
    Option<SparkSession> active = SparkSession.getActiveSession();
    if (active.isEmpty()) {
      active = SparkSession.getDefaultSession();
    }
    if (active.isDefined()) {
      BitNetExtensions.addTo(active.get());
    }
    return ExpressionUtils.column(new ModelCall(work, ExpressionUtils.expression(text)));
  }
}
