package org.bitnetj.engine;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Sequences that have just been in a step and usually come back once they have chosen their next
 * token. So a step waits a moment for them: without that, two sequences would take turns, each
 * alone. One that does not come back in time is not waited for again until it does. The scheduler's
 * lock is held for all of it.
 */
final class Expected {
  /** The share of the last step's time that the next one waits at most, and the longest wait. */
  private static final int PATIENCE = 8;

  private static final long MOST_PATIENCE_NANOS = 5_000_000;

  private final Condition changed;
  private int count;
  private long round; // in which they are expected

  Expected(ReentrantLock lock) {
    changed = lock.newCondition();
  }

  void add(SequenceState sequence) {
    sequence.expectedIn = round;
    count++;
  }

  /** Notes that a sequence has come back, or will not. */
  void remove(SequenceState sequence) {
    if (sequence.expectedIn == round) {
      count--;
    }
    sequence.expectedIn = -1;
    wake();
  }

  /** Lets who waits look again. */
  void wake() {
    changed.signal();
  }

  /**
   * Waits for them while that makes sense, without the lock.
   *
   * @param lastStepNanos what the last step took
   */
  void await(long lastStepNanos, BooleanSupplier stillUseful) {
    long patience = Math.min(lastStepNanos / PATIENCE, MOST_PATIENCE_NANOS);
    try {
      while (count > 0 && patience > 0 && stillUseful.getAsBoolean()) {
        patience = changed.awaitNanos(patience);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (count > 0) {
      count = 0;
      round++;
    }
  }
}
