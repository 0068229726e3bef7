package org.bitnetj.server;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** All requests that have arrived and whose answers are not yet sent. Thread-safe. */
final class Exchanges implements AutoCloseable {
  private final Duration requestTime;
  private final Set<Exchange> open = new HashSet<>();

  /** Ends those whose time is over. */
  final ScheduledThreadPoolExecutor clock =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("bitnet-deadlines").factory());

  /**
   * @param requestTime how long a request may take
   */
  Exchanges(Duration requestTime) {
    this.requestTime = requestTime;
    clock.setRemoveOnCancelPolicy(true); // else each request stays until its time would be over
  }

  /** Answers a request that arrives now; {@code answer} returns when all of it is sent. */
  void run(Consumer<Exchange> answer) {
    Exchange exchange = new Exchange(requestTime);
    Future<?> alarm =
        clock.schedule(
            () -> exchange.end(Exchange.End.LATE), requestTime.toNanos(), TimeUnit.NANOSECONDS);
    synchronized (this) {
      open.add(exchange);
    }
    try {
      answer.accept(exchange);
    } finally {
      alarm.cancel(false);
      synchronized (this) {
        open.remove(exchange);
        notifyAll();
      }
    }
  }

  /** Ends all of them. */
  void endAll(Exchange.End why) {
    Set<Exchange> all;
    synchronized (this) {
      all = Set.copyOf(open);
    }
    all.forEach(exchange -> exchange.end(why));
  }

  /**
   * Waits until all answers are sent.
   *
   * @return false if the time was over before
   */
  synchronized boolean drain(Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (!open.isEmpty()) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return true;
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
