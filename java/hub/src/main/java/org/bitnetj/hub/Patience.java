package org.bitnetj.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;

/**
 * Tries again what failed for a reason that may pass, a few times and after longer and longer
 * pauses. A server that asks for a pause gets it, within reason.
 */
final class Patience {
  private static final int TRIES = 5;
  private static final Duration LONGEST_REQUESTED = Duration.ofMinutes(5);

  /** Lets a time pass. */
  @FunctionalInterface
  interface Pause {
    void pass(Duration time) throws InterruptedException;
  }

  /** What may fail. */
  @FunctionalInterface
  interface Attempt<T> {
    T run() throws IOException;
  }

  private final Pause pause;
  private final PullProgress progress;
  private int failures;

  Patience(Pause pause, PullProgress progress) {
    this.pause = pause;
    this.progress = progress;
  }

  /** Something went well: the next failure is the first again. */
  void renew() {
    failures = 0;
  }

  <T> T keep(Attempt<T> attempt) throws IOException {
    renew();
    while (true) {
      try {
        return attempt.run();
      } catch (TransientException e) {
        Duration requested = e.requestedWait().orElse(Duration.ZERO);
        if (++failures == TRIES || requested.compareTo(LONGEST_REQUESTED) > 0) {
          throw e;
        }
        Duration backoff = Duration.ofSeconds(1L << failures - 1);
        Duration wait = requested.compareTo(backoff) > 0 ? requested : backoff;
        progress.note(e.getMessage() + " Trying again in " + wait.toSeconds() + " s.");
        try {
          pause.pass(wait);
        } catch (InterruptedException interrupt) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("interrupted");
        }
      }
    }
  }
}
