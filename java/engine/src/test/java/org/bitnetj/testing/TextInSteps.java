package org.bitnetj.testing;

import org.bitnetj.kv.BlockPool;
import org.bitnetj.kv.BlockTable;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.tensor.AttentionLayer;

/** One text with a cache of its own, whose steps a test computes itself. */
public final class TextInSteps implements AutoCloseable {
  private static final long CACHE_BYTES = 64 << 20;

  private final Transformer transformer;
  private final BlockPool pool;
  private final BlockTable table;

  public TextInSteps(Transformer transformer, AttentionLayer.Type type, int context) {
    this.transformer = transformer;
    this.pool = transformer.newCache(type, CACHE_BYTES);
    this.table = pool.newTable(context);
  }

  /** In float16. */
  public TextInSteps(Transformer transformer, int context) {
    this(transformer, AttentionLayer.Type.F16, context);
  }

  public BlockPool pool() {
    return pool;
  }

  public BlockTable table() {
    return table;
  }

  public int length() {
    return table.length();
  }

  /** Computes the next tokens in one step, with all logits of the last one. */
  public void compute(int... tokens) {
    compute(tokens, tokens.length - 1, LogitsNeed.all());
  }

  /** Computes the next tokens in one step, with logits from one of them on. */
  public void compute(int[] tokens, int logitsFrom, LogitsNeed need) {
    transformer.step().clear();
    transformer.step().add(table, tokens, 0, tokens.length, logitsFrom, need);
    transformer.forward();
    transformer.step().commit();
  }

  @Override
  public void close() {
    pool.close();
  }
}
