package org.bitnetj.spark;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets rows of all tasks in, in the order in which they come: only so many at a time, and only as
 * many as have memory for keys and values however long their texts become. So none fails because of
 * the others, and one that could never have its memory fails its task: on a larger host it would
 * have a result. Thread-safe.
 */
final class Room {
  /** Positions are taken in blocks of this many. */
  private static final long BLOCK = 256;

  private final int maxRows;
  private final long capacity;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Condition> waiting = new ArrayDeque<>();
  private int rows;
  private long positions;

  /**
   * @param maxRows that are in at a time
   * @param capacity positions that have memory for keys and values
   */
  Room(int maxRows, long capacity) {
    this.maxRows = maxRows;
    this.capacity = capacity;
  }

  /** A row's place, until it is closed. */
  final class Place implements AutoCloseable {
    private final long held;

    private Place(long held) {
      this.held = held;
    }

    @Override
    public void close() {
      lock.lock();
      try {
        rows--;
        positions -= held;
        callFirst();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Waits for a place.
   *
   * @param wanted positions that the row may come to have
   * @throws IllegalStateException if there is no memory for them, whoever else is in
   */
  Place enter(int wanted) throws InterruptedException {
    if (wanted > capacity) {
      throw new IllegalStateException(
          ("A row may need keys and values of %d positions, and the memory of this executor holds"
                  + " %d: give it more, or make the prompts or maxTokens smaller.")
              .formatted(wanted, capacity));
    }
    long needed = Math.min(Math.ceilDiv(wanted, BLOCK) * BLOCK, capacity);
    lock.lockInterruptibly();
    try {
      Condition turn = lock.newCondition();
      waiting.addLast(turn);
      try {
        while (waiting.peekFirst() != turn || !fits(needed)) {
          turn.await();
        }
        rows++;
        positions += needed;
        return new Place(needed);
      } finally {
        waiting.remove(turn);
        callFirst();
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean fits(long needed) {
    return rows == 0 || rows < maxRows && positions + needed <= capacity;
  }

  private void callFirst() {
    Condition first = waiting.peekFirst();
    if (first != null) {
      first.signal();
    }
  }
}
