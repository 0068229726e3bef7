package org.bitnetj.server;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import org.bitnetj.chat.reply.ToolCall;
import org.jspecify.annotations.Nullable;

/**
 * A request and its answer, from the arrival of its head to the last byte that is sent.
 * Thread-safe.
 */
final class Exchange {
  /** Why an answer is no longer wanted. */
  enum End {
    GONE,
    LATE,
    STOPPING,
    /** A part of the answer could not be made, of which the client is told. */
    FAILED
  }

  /** To be closed when there is nothing to be run any more. */
  interface Registration extends AutoCloseable {
    @Override
    void close();
  }

  private final String id = ToolCall.newId("req_");
  private final long arrival = System.nanoTime();
  private final Work work = new Work();
  private final RequestEvent event = new RequestEvent();
  private final Duration time;
  private final long deadline;
  private final Set<Runnable> listeners = new LinkedHashSet<>();
  private @Nullable End end;
  private volatile @Nullable ApiKey key;

  /**
   * @param time how long it may take from now on
   */
  Exchange(Duration time) {
    this.time = time;
    this.deadline = arrival + time.toNanos();
    event.begin();
  }

  /** Names it in the log and to the client. */
  String id() {
    return id;
  }

  /** What it has made the model do so far. */
  Work work() {
    return work;
  }

  /** Reports it to JDK Flight Recorder, once all of its answer is sent. */
  void report(String path, int status) {
    event.end();
    if (event.shouldCommit()) {
      event.id = id;
      event.path = path;
      event.status = status;
      work.describe(event);
      event.commit();
    }
  }

  /** How long ago it arrived. */
  Duration age() {
    return Duration.ofNanos(System.nanoTime() - arrival);
  }

  /** Says who has sent it. */
  void identify(ApiKey key) {
    this.key = key;
  }

  /** Whose it is, if the server has keys. */
  Optional<ApiKey> key() {
    return Optional.ofNullable(key);
  }

  /** Of those that wait, one of a higher priority has its turn first. */
  int priority() {
    return key().map(ApiKey::priority).orElse(0);
  }

  /** How long it may still take; 0 or less when its time is over. */
  Duration left() {
    return Duration.ofNanos(deadline - System.nanoTime());
  }

  /** Ends whatever is done for it. Only the first reason counts. */
  void end(End why) {
    Set<Runnable> told;
    synchronized (this) {
      if (end != null) {
        return;
      }
      end = why;
      told = Set.copyOf(listeners);
    }
    told.forEach(Runnable::run);
  }

  /** Runs something when the answer is no longer wanted; at once, if it is not wanted now. */
  Registration whenEnded(Runnable listener) {
    boolean ended;
    synchronized (this) {
      ended = end != null;
      if (!ended) {
        listeners.add(listener);
      }
    }
    if (ended) {
      listener.run();
    }
    return () -> {
      synchronized (this) {
        listeners.remove(listener);
      }
    };
  }

  /** Whether the answer is still wanted. */
  boolean isWanted() {
    return why() == null;
  }

  private synchronized @Nullable End why() {
    if (end == null && !left().isPositive()) {
      end = End.LATE;
    }
    return end;
  }

  /**
   * Goes on only if the answer is still wanted.
   *
   * @throws EventStream.Gone if the client has gone
   * @throws ApiException if the time is over, the server stops or another part has failed
   */
  void requireWanted() {
    switch (why()) {
      case null -> {}
      case GONE -> throw new EventStream.Gone(null);
      case LATE ->
          throw new ApiException(
              ApiException.Kind.TIMED_OUT,
              "The answer took more than the "
                  + time.toSeconds()
                  + " seconds that a request may take.");
      case STOPPING -> throw stopping();
      case FAILED ->
          throw new ApiException(ApiException.Kind.BROKEN, "Another part of the answer failed.");
    }
  }

  static ApiException stopping() {
    return new ApiException(ApiException.Kind.STOPPING, "The server is stopping.");
  }
}
