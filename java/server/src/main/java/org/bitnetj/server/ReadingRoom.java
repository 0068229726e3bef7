package org.bitnetj.server;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Bounds the bodies of requests that something is done with at a time. Thread-safe. */
final class ReadingRoom {
  private static final int UNIT = 1024;

  private final int units;
  private final int mostWaiting;
  private final Semaphore free;
  private final AtomicInteger waiting = new AtomicInteger();

  /**
   * @param bytes of all bodies together; a larger one is alone
   * @param mostWaiting requests that wait for room
   */
  ReadingRoom(long bytes, int mostWaiting) {
    this.units = units(bytes);
    this.mostWaiting = mostWaiting;
    this.free = new Semaphore(units, true);
  }

  private static int units(long bytes) {
    return Math.clamp(Math.ceilDiv(bytes, UNIT), 1, Integer.MAX_VALUE);
  }

  /**
   * Does something with a body once there is room for it, in the order of arrival.
   *
   * @param size most bytes that it may have
   * @throws ApiException if too many wait, or the exchange's time is over before
   */
  <T> T use(Exchange exchange, long size, Supplier<T> work) {
    int taken = Math.min(units(size), units);
    enter(exchange, taken);
    try {
      return work.get();
    } finally {
      free.release(taken);
    }
  }

  /** Requests that wait for room. */
  int waiting() {
    return waiting.get();
  }

  private void enter(Exchange exchange, int size) {
    if (!free.hasQueuedThreads() && free.tryAcquire(size)) {
      return;
    }
    try {
      if (waiting.incrementAndGet() > mostWaiting) {
        throw ApiException.busy(
            "The server is busy: many large requests are being read. Try again later.",
            Duration.ofSeconds(1));
      }
      if (!free.tryAcquire(size, exchange.left().toNanos(), TimeUnit.NANOSECONDS)) {
        exchange.requireWanted();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Exchange.stopping();
    } finally {
      waiting.decrementAndGet();
    }
  }
}
