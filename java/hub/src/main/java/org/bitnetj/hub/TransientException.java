package org.bitnetj.hub;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A failure that may pass: the connection was cut, or the server is busy. */
final class TransientException extends HubException {
  private static final long serialVersionUID = 1L;

  private final @Nullable Duration wait;

  TransientException(String sentence, Throwable cause) {
    super(sentence, cause);
    this.wait = null;
  }

  /**
   * @param wait how long the server asked to be left alone, null if it did not say
   */
  TransientException(String sentence, @Nullable Duration wait) {
    super(sentence);
    this.wait = wait;
  }

  Optional<Duration> requestedWait() {
    return Optional.ofNullable(wait);
  }
}
