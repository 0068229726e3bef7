package org.bitnetj.server;

import java.util.function.Supplier;

/** Bounds the bodies of requests that something is done with at a time. Thread-safe. */
final class ReadingRoom {
  private final Admission admission;

  /**
   * @param bytes of all bodies together; a larger one is alone
   * @param mostWaiting requests that wait for room
   */
  ReadingRoom(long bytes, int mostWaiting) {
    this.admission = new Admission(Integer.MAX_VALUE, mostWaiting, bytes);
  }

  /**
   * Does something with a body once there is room for it, in the order of priority and arrival.
   *
   * @param size most bytes that it may have
   * @throws ApiException if too many wait, the exchange's time is over before, or the server stops
   * @throws EventStream.Gone if the client has gone before
   */
  <T> T use(Exchange exchange, long size, Supplier<T> work) {
    try (Admission.Place _ = admission.enter(exchange, 1, size)) {
      return work.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Exchange.stopping();
    }
  }

  /** Requests that wait for room. */
  int waiting() {
    return admission.waiting();
  }
}
