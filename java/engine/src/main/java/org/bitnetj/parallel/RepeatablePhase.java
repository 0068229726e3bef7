package org.bitnetj.parallel;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * The phase of a {@link ThreadTeam} whose chunks may be computed more than once: who may publish a
 * chunk, and how a thread gets the phase's operands although the phase may end at any time.
 *
 * <p>Phases are numbered. The word PHASE holds the number of the one that is on, an odd number, or
 * an even one between two phases; operands change only then. A thread reads PHASE, copies the
 * operands, and reads PHASE again: if it is still the same the copy is whole (a sequence lock),
 * else it is dropped. Chunk i has a word with the number of the last phase in which it was
 * published. Who replaces it by the number of its own phase publishes the chunk, and the phase does
 * not end before; so a thread whose phase is over finds its number there or a higher one.
 */
final class RepeatablePhase {
  /** Chunks for which there are words, whatever the threads. */
  private static final int LEAST_CHUNKS = 1024;

  /**
   * The same for each thread: guided scheduling of the largest phases, a head's, makes about ten,
   * and fewer where there are more threads.
   */
  private static final int CHUNKS_PER_THREAD = 16;

  /** Longs from one shared word to the next: a cache line. */
  private static final int STRIDE = 8;

  private static final int PHASE = 2 * STRIDE;

  /** The first word of the chunks, two lines after PHASE. */
  private static final int CHUNKS = 4 * STRIDE;

  private static final Repeatable.Attempt[] NONE = {};

  /** Where a team keeps what its tasks throw. */
  interface Failures {
    boolean any();

    void add(Throwable t);
  }

  private final int mostChunks;
  private final int inAttempts; // the first word of the threads: 1 in an attempt, else 0
  private final AtomicLongArray words;
  private final long[] taken; // by thread, the phase whose operands its attempt has
  private final Chunks chunks;
  private final Failures failures;

  // Change between phases only.
  private Repeatable.Attempt[] attempts = NONE;
  private int total;

  RepeatablePhase(int threads, Chunks chunks, Failures failures) {
    this.mostChunks = Math.max(LEAST_CHUNKS, CHUNKS_PER_THREAD * threads);
    this.inAttempts = CHUNKS + mostChunks * STRIDE;
    this.words = new AtomicLongArray(inAttempts + (threads + 2) * STRIDE);
    this.taken = new long[threads * STRIDE];
    this.chunks = chunks;
    this.failures = failures;
  }

  /** Phases of more chunks are not repeatable. */
  int mostChunks() {
    return mostChunks;
  }

  /** Starts a phase of {@code total} chunks; by the caller's thread, as {@link #end}. */
  void begin(Repeatable.Attempt[] attempts, int total) {
    this.attempts = attempts;
    this.total = total;
    words.set(PHASE, words.get(PHASE) + 1);
  }

  /** When all chunks are published. */
  void end() {
    words.set(PHASE, words.get(PHASE) + 1);
    VarHandle.fullFence(); // operands of the next phase are written after it
  }

  /**
   * Computes a chunk of the phase that is on and publishes it, unless another thread has published
   * it before.
   *
   * @param thread of the team
   * @param index of the chunk; claimed in an earlier phase perhaps, then this is one attempt more
   * @return the number of the phase's chunks if this thread has published one of them, else 0
   */
  int attempt(int thread, int index) {
    int inAttempt = inAttempts + thread * STRIDE;
    words.set(inAttempt, 1);
    VarHandle.fullFence(); // before PHASE is read, or settle() might miss this thread
    try {
      return attemptNow(thread, index);
    } finally {
      words.set(inAttempt, 0);
    }
  }

  private int attemptNow(int thread, int index) {
    long phase = words.get(PHASE);
    if ((phase & 1) == 0) {
      return 0;
    }
    int total = this.total;
    int begin = chunks.begin(index);
    int end = chunks.begin(index + 1);
    Repeatable.Attempt attempt = attempts[thread];
    Throwable thrown = null;
    if (taken[thread * STRIDE] != phase) {
      try {
        attempt.take();
        taken[thread * STRIDE] = phase;
      } catch (Throwable t) {
        thrown = t;
      }
    }
    VarHandle.acquireFence();
    if (words.get(PHASE) != phase) {
      return 0; // and no later phase has this number
    }
    int word = CHUNKS + index * STRIDE;
    long last = index < total ? words.get(word) : phase;
    if (last >= phase) {
      return 0;
    }
    boolean computes = thrown == null && !failures.any();
    try {
      if (computes) {
        attempt.compute(begin, end);
      }
    } catch (Throwable t) {
      thrown = t;
    }
    if (!words.compareAndSet(word, last, phase)) {
      return 0;
    }
    try {
      if (computes && thrown == null) {
        attempt.publish(begin, end);
      }
    } catch (Throwable t) {
      thrown = t;
    }
    if (thrown != null) {
      failures.add(thrown);
    }
    return total;
  }

  /** Returns when no thread computes a chunk of a phase that is over. */
  void settle() {
    for (int thread = 0; thread * STRIDE < taken.length; thread++) {
      while (words.get(inAttempts + thread * STRIDE) != 0) {
        LockSupport.parkNanos(this, 100_000);
      }
    }
  }
}
