package org.bitnetj.generate;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.bitnetj.kv.KvCache;
import org.bitnetj.model.LogitsNeed;
import org.bitnetj.model.ModelSpec;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.WeightReads;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.FloatRows;

/**
 * One transformer that sequences take turns on, first come first served, and the owner of all the
 * memory they compute on. Nothing is freed while a step runs: closing takes a turn too.
 * Thread-safe.
 */
final class SharedTransformer {
  /** What is done with a step's logits, in its turn. */
  @FunctionalInterface
  interface LogitsUse {
    LogitsUse NONE = (logits, rows) -> {};

    /** Sees the first {@code rows} rows, which are gone afterwards. */
    void see(FloatRows logits, int rows);
  }

  private final ReentrantLock turn = new ReentrantLock(true);
  private final Transformer transformer;
  private final List<Runnable> closers;
  private final Set<KvCache> caches = new LinkedHashSet<>();
  private boolean closed;

  /**
   * @param closers free what the transformer stands on, in this order, after it
   */
  SharedTransformer(Transformer transformer, List<Runnable> closers) {
    this.transformer = transformer;
    this.closers = new ArrayList<>(closers);
  }

  ModelSpec spec() {
    return transformer.spec();
  }

  /** Most tokens in a step. */
  int batchCapacity() {
    return transformer.batch().capacity();
  }

  /** Most rows with logits in a step. */
  int logitsCapacity() {
    return transformer.logitsCapacity();
  }

  long bytesPerToken() {
    return transformer.bytesPerToken();
  }

  /** A cache of one sequence. */
  KvCache newCache(AttentionLayer.Type type, int context) {
    turn.lock();
    try {
      requireOpen();
      KvCache cache = transformer.newCache(type, 1, context);
      caches.add(cache);
      return cache;
    } finally {
      turn.unlock();
    }
  }

  /** Frees a cache once no step runs. Idempotent. */
  void free(KvCache cache) {
    turn.lock();
    try {
      if (caches.remove(cache)) {
        cache.close();
      }
    } finally {
      turn.unlock();
    }
  }

  /**
   * Computes tokens {@code [from, to)} of {@code ids} after those in the cache.
   *
   * @param logitsFrom from which token on logits are wanted
   * @param need which of them
   * @param reads takes what the step read of the weights
   * @throws IllegalStateException if the model or the cache is closed
   */
  void append(
      KvCache cache,
      int[] ids,
      int from,
      int to,
      int logitsFrom,
      LogitsNeed need,
      LogitsUse use,
      WeightReads reads) {
    turn.lock();
    try {
      requireOpen();
      if (!caches.contains(cache)) {
        throw new IllegalStateException("This session is closed; open another one.");
      }
      transformer.batch().clear();
      int start = cache.length(0);
      for (int i = from; i < to; i++) {
        transformer.batch().add(0, start + i - from, ids[i], i >= logitsFrom);
      }
      transformer.forward(cache, need);
      reads.clear();
      reads.add(transformer.reads());
      use.see(transformer.logits(), transformer.batch().logitsCount());
    } finally {
      turn.unlock();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("This model is closed; load it again.");
    }
  }

  /** Waits for the step that runs, then frees everything. Idempotent. */
  void close() {
    turn.lock();
    try {
      if (!closed) {
        closed = true;
        caches.forEach(KvCache::close);
        caches.clear();
        transformer.close();
        closers.forEach(Runnable::run);
      }
    } finally {
      turn.unlock();
    }
  }
}
