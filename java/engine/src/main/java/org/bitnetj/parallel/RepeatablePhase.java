package org.bitnetj.parallel;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The phase of a {@link ThreadTeam} whose chunks may be computed more than once: who may publish a
 * chunk, and what the phase computes, which a thread may ask for when the phase is over.
 *
 * <p>Phases are numbered. {@link #PHASE} holds the number of the one that is on, an odd number, or
 * an even one between two phases; operands change only then. A thread reads PHASE, copies the
 * operands, and reads PHASE again: if it is still the same the copy is whole (a sequence lock),
 * else it is dropped. Chunk i has a word with the number of the last phase in which it was
 * published. Who replaces it by the number of its own phase publishes the chunk, and the phase does
 * not end before; so a thread whose phase is over finds its number there or a higher one.
 */
final class RepeatablePhase {
  /** Phases of more chunks are not repeatable. */
  static final int MOST_CHUNKS = 1024;

  /** Longs from one shared word to the next: a cache line. */
  private static final int STRIDE = 8;

  /** Of the words of chunks, from which PHASE is two cache lines away. */
  private static final int CHUNKS = 4 * STRIDE;

  private static final int PHASE = 2 * STRIDE;

  private static final Repeatable.Attempt[] NONE = {};

  /** What a thread of the team knows of the phase. */
  private static final class Member {
    private volatile boolean isIn;
    private long taken; // the phase whose operands its attempt has
    private Repeatable.@Nullable Attempt attempt;
  }

  private final AtomicLongArray words =
      new AtomicLongArray(CHUNKS + MOST_CHUNKS * STRIDE + 2 * STRIDE);

  private final Member[] members;
  private final Chunks chunks;
  private final Failures failures;

  // Change between phases only.
  private Repeatable.Attempt[] attempts = NONE;
  private int total;

  /** Where a team keeps what its tasks throw. */
  interface Failures {
    boolean any();

    void add(Throwable t);
  }

  RepeatablePhase(int threads, Chunks chunks, Failures failures) {
    this.members = new Member[threads];
    Arrays.setAll(members, i -> new Member());
    this.chunks = chunks;
    this.failures = failures;
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
   * Computes and publishes a chunk of the phase that is on, unless it is published, now or then.
   *
   * @param thread of the team
   * @param index of the chunk; of an earlier phase perhaps: this is then one more attempt
   * @return the number of the phase's chunks if this thread has published one of them, else 0
   */
  int attempt(int thread, int index) {
    Member me = members[thread];
    me.isIn = true;
    try {
      return attempt(me, thread, index);
    } finally {
      me.isIn = false;
    }
  }

  private int attempt(Member me, int thread, int index) {
    long phase = words.get(PHASE);
    if ((phase & 1) == 0) {
      return 0;
    }
    int total = this.total;
    int begin = chunks.begin(index);
    int end = chunks.begin(index + 1);
    Repeatable.Attempt attempt = me.attempt;
    if (attempt == null || me.taken != phase) {
      attempt = attempts[thread];
      attempt.take();
      me.attempt = attempt;
      me.taken = phase;
    }
    VarHandle.acquireFence();
    if (words.get(PHASE) != phase) {
      me.attempt = null;
      return 0;
    }
    int word = CHUNKS + index * STRIDE;
    long last = index < total ? words.get(word) : phase;
    if (last >= phase) {
      return 0;
    }
    Throwable thrown = null;
    boolean skipped = failures.any();
    try {
      if (!skipped) {
        attempt.compute(begin, end);
      }
    } catch (Throwable t) {
      thrown = t;
    }
    if (!words.compareAndSet(word, last, phase)) {
      return 0;
    }
    try {
      if (thrown == null && !skipped) {
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
    for (Member member : members) {
      while (member.isIn) {
        LockSupport.parkNanos(this, 100_000);
      }
    }
  }
}
