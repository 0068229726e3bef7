package org.bitnetj.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.GenerationStats;

/** What a request has made the model do. Thread-safe. */
final class Work {
  private int promptTokens;
  private int cachedTokens;
  private int completionTokens;
  private long queueNanos = -1;
  private long firstTokenNanos = -1;
  private final Set<String> finishes = new TreeSet<>();

  /** The request has waited for its turn, perhaps one of several. */
  synchronized void waited(Duration time) {
    queueNanos = Math.max(0, queueNanos) + time.toNanos();
  }

  /**
   * A token has been generated.
   *
   * @param age of the request
   */
  synchronized void token(Duration age) {
    completionTokens++;
    if (firstTokenNanos < 0) {
      firstTokenNanos = age.toNanos();
    }
  }

  /** A text has ended. */
  synchronized void text(GenerationStats stats, FinishReason finish) {
    prompt(stats.promptTokens(), stats.cachedTokens());
    finishes.add(
        switch (finish) {
          case END_TOKEN, STOP_STRING -> "stop";
          case MAX_TOKENS, CONTEXT_FULL -> "length";
          case CANCELLED -> "cancelled";
        });
  }

  /** Tokens were given to the model, some of which were in its cache. */
  synchronized void prompt(int tokens, int cached) {
    promptTokens += tokens;
    cachedTokens += cached;
  }

  /** Adds what there was to a line of the log. */
  synchronized void describe(ObjectNode line) {
    if (queueNanos < 0) {
      return; // it did not come to its turn
    }
    line.put("prompt_tokens", promptTokens);
    line.put("cached_tokens", cachedTokens);
    line.put("completion_tokens", completionTokens);
    line.put("queue_ms", millis(queueNanos));
    if (firstTokenNanos >= 0) {
      line.put("ttft_ms", millis(firstTokenNanos));
    }
    if (!finishes.isEmpty()) {
      line.put("finish", String.join(",", finishes));
    }
  }

  /** Fills an event's fields. */
  synchronized void describe(RequestEvent event) {
    event.queueTime = Math.max(0, queueNanos);
    event.firstTokenTime = Math.max(0, firstTokenNanos);
    event.promptTokens = promptTokens;
    event.completionTokens = completionTokens;
  }

  /**
   * Counts the times of a request that has been answered, if it made tokens.
   *
   * @param age of the request
   */
  synchronized void count(Metrics metrics, Duration age) {
    if (firstTokenNanos >= 0) {
      metrics.countTimes(firstTokenNanos, age.toNanos());
    }
  }

  private static double millis(long nanos) {
    return Math.round(nanos / 1e4) / 100.0;
  }
}
