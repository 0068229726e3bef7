package org.bitnetj.server;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Decides when a text may be generated: some at a time, and only as many as have room in the memory
 * for keys and values whatever their lengths turn out to be, so that none is ever thrown out again.
 * The others wait in the order in which they came; beyond a number of them a request is refused.
 * Thread-safe.
 */
final class Admission {
  private final int mostRunning;
  private final int mostWaiting;
  private final long capacity;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
  private final Condition idle = lock.newCondition();
  private int running;
  private long positions; // of those that run
  private boolean closed;
  private double meanSeconds = 1; // that a place was held

  /** One that waits for its turn. */
  private final class Waiter {
    final long positions;
    final Condition turn = lock.newCondition();
    boolean admitted;

    Waiter(long positions) {
      this.positions = positions;
    }
  }

  /** The right to generate, until it is closed. */
  final class Place implements AutoCloseable {
    private final long held;
    private final long since = System.nanoTime();

    private Place(long held) {
      this.held = held;
    }

    @Override
    public void close() {
      lock.lock();
      try {
        running--;
        positions -= held;
        meanSeconds += 0.1 * ((System.nanoTime() - since) / 1e9 - meanSeconds);
        admitMore();
        idle.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * @param mostRunning texts at a time
   * @param mostWaiting requests that wait
   * @param capacity positions that have room for keys and values
   */
  Admission(int mostRunning, int mostWaiting, long capacity) {
    this.mostRunning = mostRunning;
    this.mostWaiting = mostWaiting;
    this.capacity = capacity;
  }

  /**
   * Waits for a place.
   *
   * @param wanted positions that the text may come to have
   * @param patience how long to wait at most
   * @throws ApiException if too many wait already, the time is over, or the server stops
   * @throws InterruptedException if the thread is interrupted
   */
  Place enter(long wanted, Duration patience) throws InterruptedException {
    long needed = Math.min(wanted, capacity); // a text that could never fit is refused elsewhere
    lock.lock();
    try {
      requireOpen();
      if (patience.isNegative()) {
        throw late();
      }
      if (waiters.isEmpty() && fits(needed)) {
        return admit(needed);
      }
      if (waiters.size() >= mostWaiting) {
        throw ApiException.busy(
            "The server is busy: "
                + running
                + " requests are being answered and "
                + waiters.size()
                + " wait. Try again later.",
            Duration.ofSeconds(secondsUntilRoom()));
      }
      Waiter waiter = new Waiter(needed);
      waiters.addLast(waiter);
      try {
        long left = patience.toNanos();
        while (!waiter.admitted) {
          requireOpen();
          if (left <= 0) {
            throw late();
          }
          left = waiter.turn.awaitNanos(left);
        }
        return new Place(needed);
      } catch (InterruptedException | RuntimeException e) {
        if (waiter.admitted) {
          new Place(needed).close();
        } else {
          waiters.remove(waiter);
          admitMore();
        }
        throw e;
      }
    } finally {
      lock.unlock();
    }
  }

  private static ApiException late() {
    return new ApiException(
        ApiException.Kind.TIMED_OUT, "The request's time was over before its turn came.");
  }

  private void requireOpen() {
    if (closed) {
      throw new ApiException(ApiException.Kind.STOPPING, "The server is stopping.");
    }
  }

  private boolean fits(long needed) {
    return running < mostRunning && (running == 0 || needed <= capacity - positions);
  }

  private Place admit(long needed) {
    running++;
    positions += needed;
    return new Place(needed);
  }

  /**
   * Lets those in that have room now, in their order: a large one holds up the small behind it.
   * Nobody comes in any more once all are refused.
   */
  private void admitMore() {
    while (!closed && !waiters.isEmpty() && fits(waiters.getFirst().positions)) {
      Waiter next = waiters.removeFirst();
      running++;
      positions += next.positions;
      next.admitted = true;
      next.turn.signal();
    }
  }

  private long secondsUntilRoom() {
    return Math.clamp((long) Math.ceil(meanSeconds * waiters.size() / mostRunning), 1, 60);
  }

  /** Texts that are being generated. */
  int running() {
    lock.lock();
    try {
      return running;
    } finally {
      lock.unlock();
    }
  }

  /** Requests that wait for their turn. */
  int waiting() {
    lock.lock();
    try {
      return waiters.size();
    } finally {
      lock.unlock();
    }
  }

  /** Refuses all that wait and all that come. Idempotent. */
  void close() {
    lock.lock();
    try {
      closed = true;
      waiters.forEach(waiter -> waiter.turn.signal());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until no text is generated.
   *
   * @return false if the time was over before
   */
  boolean drain(Duration patience) throws InterruptedException {
    lock.lock();
    try {
      long left = patience.toNanos();
      while (running > 0 && left > 0) {
        left = idle.awaitNanos(left);
      }
      return running == 0;
    } finally {
      lock.unlock();
    }
  }
}
