package org.bitnetj.spark;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.unsafe.types.UTF8String;
import org.bitnetj.generate.EmbeddingModel;
import org.jspecify.annotations.Nullable;

/** Embeds rows with one model. Thread-safe. */
final class Embedding implements RowWork.OfRow {
  private final SharedModel shared;
  private final EmbeddingModel model;

  Embedding(SharedModel shared) {
    this.shared = shared;
    this.model = shared.embedding();
  }

  @Override
  public RowResult result(String text) throws InterruptedException {
    int[] ids = model.encode(text);
    if (ids.length == 0) {
      return failed("The text is empty; give it at least one token.");
    }
    if (ids.length > model.maxTokens()) {
      return failed(
          "The text has %d tokens, but the model embeds at most %d; shorten the text."
              .formatted(ids.length, model.maxTokens()));
    }
    try (Room.Place _ = shared.room().enter(ids.length)) {
      float[] vector = model.embed(ids);
      return new RowResult(row(vector, null, ids.length), false, ids.length, 0, 0);
    } catch (IllegalStateException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      throw e;
    }
  }

  private static RowResult failed(String sentence) {
    return RowResult.failed(row(null, sentence, null));
  }

  /** Of {@link EmbeddingOptions#resultType}. */
  private static InternalRow row(
      float @Nullable [] vector, @Nullable String error, @Nullable Integer tokens) {
    return new GenericInternalRow(
        new @Nullable Object[] {
          vector == null ? null : UnsafeArrayData.fromPrimitiveArray(vector),
          UTF8String.fromString(error),
          tokens
        });
  }
}
