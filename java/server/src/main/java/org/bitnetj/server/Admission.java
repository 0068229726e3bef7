package org.bitnetj.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides when something may be done that takes memory, such as generating the texts of a request:
 * some at a time, and only as many as have room whatever their lengths turn out to be, so that none
 * is ever thrown out again. A request takes room for all its texts at once. The others wait, those
 * of higher priority before those of lower, else in the order in which they came; beyond a number
 * of them one is refused: of those of the lowest priority, the newest. Nothing keeps those of low
 * priority from waiting for ever, but their time. Thread-safe.
 */
final class Admission {
  private final int mostRunning;
  private final int mostWaiting;
  private final long capacity;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Waiter> waiters = new ArrayList<>();
  private int requests; // that have a place
  private int running; // texts of theirs
  private long positions; // of these
  private boolean closed;
  private double meanSeconds = 1; // that a place was held

  /** One that waits for its turn. */
  private final class Waiter {
    final int priority;
    final int texts;
    final long positions;
    final Condition turn = lock.newCondition();
    @Nullable Place place; // once it is admitted
    boolean givenUp;
    boolean displaced; // by one of a higher priority

    Waiter(int priority, int texts, long positions) {
      this.priority = priority;
      this.texts = texts;
      this.positions = positions;
    }

    void giveUp() {
      lock.lock();
      try {
        givenUp = true;
        turn.signal();
      } finally {
        lock.unlock();
      }
    }
  }

  /** The right to generate, until it is closed. */
  final class Place implements AutoCloseable {
    private final int texts;
    private final long held;
    private final long since = System.nanoTime();

    private Place(int texts, long held) {
      this.texts = texts;
      this.held = held;
    }

    @Override
    public void close() {
      lock.lock();
      try {
        requests--;
        running -= texts;
        positions -= held;
        meanSeconds += 0.1 * ((System.nanoTime() - since) / 1e9 - meanSeconds);
        admitMore();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * @param mostRunning texts at a time
   * @param mostWaiting requests that wait
   * @param capacity positions that have room for keys and values, or whatever else is counted
   */
  Admission(int mostRunning, int mostWaiting, long capacity) {
    this.mostRunning = mostRunning;
    this.mostWaiting = mostWaiting;
    this.capacity = capacity;
  }

  /**
   * Waits for a place.
   *
   * @param exchange is waited for as long as its answer is wanted
   * @param texts that are generated at a time, at most {@code mostRunning}
   * @param wanted positions that they may come to have
   * @throws ApiException if too many of its priority or of higher ones wait, the time is over, or
   *     the server stops
   * @throws EventStream.Gone if the client goes away
   * @throws InterruptedException if the thread is interrupted
   */
  Place enter(Exchange exchange, int texts, long wanted) throws InterruptedException {
    long needed = Math.min(wanted, capacity); // a text that could never fit is refused elsewhere
    Waiter waiter = new Waiter(exchange.priority(), texts, needed);
    lock.lock();
    try (Exchange.Registration _ = exchange.whenEnded(waiter::giveUp)) {
      requireOpen();
      exchange.requireWanted();
      int rank = rank(waiter);
      if (rank == 0 && fits(waiter)) {
        return admit(waiter);
      }
      if (waiters.size() >= mostWaiting) {
        if (rank == waiters.size()) {
          throw busy();
        }
        Waiter last = waiters.removeLast();
        last.displaced = true;
        last.turn.signal();
      }
      waiters.add(rank, waiter);
      try {
        long left = exchange.left().toNanos();
        while (waiter.place == null) {
          requireOpen();
          if (waiter.displaced) {
            throw busy();
          }
          if (waiter.givenUp) {
            exchange.requireWanted();
          }
          if (left <= 0) {
            throw new ApiException(
                ApiException.Kind.TIMED_OUT, "The request's time was over before its turn came.");
          }
          left = waiter.turn.awaitNanos(left);
        }
        return waiter.place;
      } catch (InterruptedException | RuntimeException e) {
        if (waiter.place != null) {
          waiter.place.close();
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

  private ApiException busy() {
    return ApiException.busy(
        "The server is busy: %d requests are under way and %d wait. Try again later."
            .formatted(requests, waiters.size()),
        Duration.ofSeconds(secondsUntilRoom()));
  }

  private void requireOpen() {
    if (closed) {
      throw Exchange.stopping();
    }
  }

  /** How many go before it. */
  private int rank(Waiter waiter) {
    int rank = waiters.size();
    while (rank > 0 && waiters.get(rank - 1).priority < waiter.priority) {
      rank--;
    }
    return rank;
  }

  private boolean fits(Waiter waiter) {
    return requests == 0
        || running + waiter.texts <= mostRunning && waiter.positions <= capacity - positions;
  }

  private Place admit(Waiter waiter) {
    requests++;
    running += waiter.texts;
    positions += waiter.positions;
    Place place = new Place(waiter.texts, waiter.positions);
    waiter.place = place;
    return place;
  }

  /**
   * Lets those in that have room now, in their order: a large one holds up the small behind it.
   * Nobody comes in any more once all are refused.
   */
  private void admitMore() {
    while (!closed && !waiters.isEmpty() && fits(waiters.getFirst())) {
      Waiter next = waiters.removeFirst();
      admit(next);
      next.turn.signal();
    }
  }

  private long secondsUntilRoom() {
    return Math.clamp((long) Math.ceil(meanSeconds * waiters.size() / mostRunning), 1, 60);
  }

  /** Most texts at a time. */
  int mostRunning() {
    return mostRunning;
  }

  /** Positions that have room for keys and values. */
  long capacity() {
    return capacity;
  }

  /** Texts that are being generated. */
  int running() {
    return locked(() -> running);
  }

  /** Requests that wait for their turn. */
  int waiting() {
    return locked(waiters::size);
  }

  private int locked(IntSupplier count) {
    lock.lock();
    try {
      return count.getAsInt();
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
}
