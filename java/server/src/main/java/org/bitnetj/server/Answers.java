package org.bitnetj.server;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.error.KvCacheFullException;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.Session;
import org.bitnetj.generate.SessionOptions;

/**
 * Generates the texts of all requests with one model: each in a session of its own, which shares
 * steps and cached beginnings with the others. A text's tokens never depend on what else is
 * generated. Thread-safe.
 */
final class Answers implements AutoCloseable {
  /** Between two alarms after a deadline; a step is shorter. */
  private static final long ALARM_NANOS = 5_000_000_000L;

  /** Positions that the cache takes memory for at a time. */
  private static final int BLOCK = 256;

  private final LanguageModel model;
  private final Admission admission;
  private final Metrics metrics;
  private final Duration requestTime;
  private final Set<Session> sessions = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("bitnet-deadlines").factory());

  Answers(LanguageModel model, Admission admission, Metrics metrics, Duration requestTime) {
    this.model = model;
    this.admission = admission;
    this.metrics = metrics;
    this.requestTime = requestTime;
  }

  LanguageModel model() {
    return model;
  }

  /** When a request that arrives now must be answered, as {@link System#nanoTime} counts. */
  long deadline() {
    return System.nanoTime() + requestTime.toNanos();
  }

  /**
   * Generates a text, once it is its turn.
   *
   * @param deadline by {@link #deadline}
   * @throws ApiException if the prompt does not fit, the server is busy or stops, or the time is
   *     over
   */
  GenerationResult generate(
      int[] prompt, GenerationOptions options, long deadline, GenerationListener listener) {
    int context = model.info().contextLength();
    if (prompt.length == 0) {
      throw new ApiException(ApiException.Kind.INVALID, "The prompt is empty.");
    }
    if (prompt.length >= context) {
      throw tooLong(
          "The prompt has "
              + prompt.length
              + " tokens, but this model's context holds "
              + context
              + " together with the answer.");
    }
    int most = Math.min(options.maxTokens(), context - prompt.length);
    int positions = Math.min(context, prompt.length + most + 1);
    return inTurn(
        inBlocks(positions),
        deadline,
        () -> {
          try (Session session =
              model.openSession(SessionOptions.defaults().withContext(positions))) {
            return generate(session, prompt, options, deadline, listener);
          }
        });
  }

  /** The positions that memory is taken for where a text has so many. */
  static long inBlocks(int positions) {
    return Math.ceilDiv(positions, BLOCK) * (long) BLOCK;
  }

  /**
   * Does work with the model, once it is its turn.
   *
   * @param positions that need room for keys and values
   * @param deadline by {@link #deadline}
   * @throws ApiException if a text does not fit, the server is busy or stops, or the time is over
   *     before
   */
  <T> T inTurn(long positions, long deadline, Supplier<T> work) {
    Duration patience = Duration.ofNanos(deadline - System.nanoTime());
    try {
      Admission.Place place = admission.enter(positions, patience);
      try (place) {
        return work.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ApiException(ApiException.Kind.STOPPING, "The server is stopping.");
    } catch (ContextOverflowException e) {
      throw tooLong(String.valueOf(e.getMessage()));
    } catch (KvCacheFullException e) {
      throw ApiException.busy(
          "The memory for keys and values is full; try again later.", Duration.ofSeconds(5));
    }
  }

  private GenerationResult generate(
      Session session,
      int[] prompt,
      GenerationOptions options,
      long deadline,
      GenerationListener listener) {
    AtomicBoolean late = new AtomicBoolean();
    Thread writer = Thread.currentThread();
    // Again and again: the text may not have begun. A client that does not read may hold up its
    // thread; interrupting that closes the connection.
    ScheduledFuture<?> alarm =
        clock.scheduleWithFixedDelay(
            () -> {
              if (late.getAndSet(true)) {
                writer.interrupt();
              }
              session.cancel();
            },
            Math.max(0, deadline - System.nanoTime()),
            ALARM_NANOS,
            TimeUnit.NANOSECONDS);
    sessions.add(session);
    try {
      GenerationResult result = session.generate(prompt, options, listener);
      metrics.count(result.stats());
      if (result.finishReason() == FinishReason.CANCELLED) {
        throw late.get()
            ? new ApiException(
                ApiException.Kind.TIMED_OUT,
                "The answer took more than the "
                    + requestTime.toSeconds()
                    + " seconds that a request may take.")
            : new ApiException(ApiException.Kind.STOPPING, "The server is stopping.");
      }
      return result;
    } finally {
      sessions.remove(session);
      alarm.cancel(false);
    }
  }

  private static ApiException tooLong(String sentence) {
    return ApiException.coded(ApiException.Kind.INVALID, "context_length_exceeded", sentence);
  }

  /** Ends all texts that are being generated. */
  void cancelAll() {
    sessions.forEach(Session::cancel);
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
