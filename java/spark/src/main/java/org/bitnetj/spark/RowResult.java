package org.bitnetj.spark;

import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;

/**
 * What became of a row.
 *
 * @param value of its result column; null where there was no text
 * @param cachedTokens how many of the prompt's tokens were not computed: that depends on other
 *     rows, so it is in no column
 */
record RowResult(
    @Nullable InternalRow value,
    boolean failed,
    int promptTokens,
    int cachedTokens,
    int generatedTokens) {
  /** The result of a null text. */
  static final RowResult NONE = new RowResult(null, false, 0, 0, 0);

  static RowResult failed(InternalRow value) {
    return new RowResult(value, true, 0, 0, 0);
  }
}
