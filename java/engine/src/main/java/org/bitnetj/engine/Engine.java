package org.bitnetj.engine;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.kv.BlockPool;
import org.bitnetj.kv.KvBudget;
import org.bitnetj.model.Transformer;
import org.bitnetj.tensor.AttentionLayer;

/**
 * A model at work: one transformer, the KV caches of all its sequences, and the scheduler by which
 * sequences share steps. Nothing is freed while a step computes with it. Thread-safe.
 */
public final class Engine implements AutoCloseable {
  private static final long LEAST_CACHE_BYTES = 64 << 20;

  private final Transformer transformer;
  private final Scheduler scheduler;
  private final KvBudget cacheBudget;
  private final List<Runnable> closers;
  private final Map<AttentionLayer.Type, BlockPool> pools =
      new EnumMap<>(AttentionLayer.Type.class);
  private final Set<SequenceState> sequences = new LinkedHashSet<>();
  private boolean freed;

  /**
   * @param cacheBytes how much memory all keys and values may take
   * @param keptBytes of it at most for texts that no sequence holds any longer
   * @param closers free what the transformer uses, in this order, after it is closed
   */
  public Engine(Transformer transformer, long cacheBytes, long keptBytes, List<Runnable> closers) {
    this.transformer = transformer;
    this.scheduler = new Scheduler(transformer);
    this.cacheBudget = new KvBudget(cacheBytes, keptBytes);
    this.closers = new ArrayList<>(closers);
  }

  public ModelSpec spec() {
    return transformer.spec();
  }

  /** Most tokens in a step. */
  public int batchCapacity() {
    return transformer.step().capacity();
  }

  /** Most rows of logits that a sequence may ask for at a time. */
  public int logitsCapacity() {
    return transformer.step().logitsCapacity();
  }

  /** Weight bytes that a dense step of one token with all logits reads. */
  public long bytesPerToken() {
    return transformer.bytesPerToken();
  }

  /**
   * An empty sequence. Memory is taken as it grows.
   *
   * @param context most tokens it may have
   * @throws ContextOverflowException if the model was not made for that many, or they could never
   *     fit the memory
   * @throws IllegalStateException if the engine is closed
   */
  public SequenceState open(AttentionLayer.Type type, int context) {
    scheduler.lock();
    try {
      scheduler.requireOpen();
      BlockPool pool = pools.computeIfAbsent(type, this::newPool);
      requireFit(context, spec().contextLength(), "that " + spec().name() + " was made for");
      requireFit(context, pool.capacity(), "whose keys and values fit this machine's memory");
      SequenceState sequence = new SequenceState(this, scheduler, pool.newTable(context));
      sequences.add(sequence);
      return sequence;
    } finally {
      scheduler.unlock();
    }
  }

  /** A pool as large as may be; smaller where the system promises no more than it has. */
  private BlockPool newPool(AttentionLayer.Type type) {
    for (long bytes = cacheBudget.bytes(); ; bytes /= 2) {
      try {
        return transformer.newCache(type, bytes, cacheBudget);
      } catch (OutOfMemoryError e) {
        if (bytes < LEAST_CACHE_BYTES) {
          throw e;
        }
      }
    }
  }

  private static void requireFit(int context, long most, String which) {
    if (context > most) {
      throw new ContextOverflowException(
          "a context of %d positions is more than the %d %s; ask for fewer."
              .formatted(context, most, which));
    }
  }

  /** Forgets a sequence that is closed; the scheduler's lock is held. */
  void remove(SequenceState sequence) {
    sequences.remove(sequence);
  }

  /** Positions of a type that the memory has room for, where nothing else is in it. */
  public long cachePositions(AttentionLayer.Type type) {
    scheduler.lock();
    try {
      scheduler.requireOpen();
      return pools.computeIfAbsent(type, this::newPool).capacity();
    } finally {
      scheduler.unlock();
    }
  }

  /** Blocks of 256 positions that sequences hold, in all caches. */
  public int usedBlocks() {
    return (int) total(BlockPool::usedBlocks);
  }

  /** Memory of the keys and values that sequences hold. */
  public long usedCacheBytes() {
    return total(pool -> pool.usedBlocks() * pool.blockBytes());
  }

  /** Memory of the keys and values of texts that no sequence holds. */
  public long idleCacheBytes() {
    return total(pool -> pool.idleBlocks() * pool.blockBytes());
  }

  /** Most memory of both. */
  public long cacheBytes() {
    return cacheBudget.bytes();
  }

  private long total(ToLongFunction<BlockPool> amount) {
    scheduler.lock();
    try {
      return pools.values().stream().mapToLong(amount).sum();
    } finally {
      scheduler.unlock();
    }
  }

  /** Sequences that are open. */
  public int sequences() {
    scheduler.lock();
    try {
      return sequences.size();
    } finally {
      scheduler.unlock();
    }
  }

  /** Sequences that wait for a step. */
  public int waiting() {
    return scheduler.counts().waiting();
  }

  /** Steps that were computed. */
  public long steps() {
    return scheduler.counts().steps();
  }

  /** Tokens that they computed. */
  public long stepRows() {
    return scheduler.counts().rows();
  }

  /**
   * Waits for the step that is computed, then frees everything; sequences that wait for theirs get
   * an {@link IllegalStateException}. Idempotent.
   */
  @Override
  public void close() {
    scheduler.lock();
    try {
      scheduler.close();
      if (!freed) {
        freed = true;
        List.copyOf(sequences).forEach(SequenceState::free);
        pools.values().forEach(BlockPool::close);
        transformer.close();
        closers.forEach(Runnable::run);
      }
    } finally {
      scheduler.unlock();
    }
  }
}
