package org.bitnetj.server;

import java.time.Duration;
import java.util.List;
import java.util.function.IntFunction;
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
import org.bitnetj.generate.TokenLogprobs;

/**
 * Generates the texts of all requests with one model: each in a session of its own, which shares
 * steps and cached beginnings with the others. A text's tokens never depend on what else is
 * generated. Thread-safe.
 */
final class Answers {
  /** Most answers to a request, however many texts the server generates at a time. */
  private static final int MOST_CHOICES = 16;

  /** Positions that the cache takes memory for at a time. */
  private static final int BLOCK = 256;

  private final LanguageModel model;
  private final Admission admission;
  private final Metrics metrics;
  private final boolean drafting;

  Answers(LanguageModel model, Admission admission, Metrics metrics, boolean drafting) {
    this.model = model;
    this.admission = admission;
    this.metrics = metrics;
    this.drafting = drafting;
  }

  LanguageModel model() {
    return model;
  }

  /** Most answers that a request may ask for. */
  int mostChoices() {
    return Math.min(MOST_CHOICES, admission.mostRunning());
  }

  /**
   * Refuses a prompt that leaves no room for an answer.
   *
   * @throws ApiException if it does
   */
  int[] requireFits(int[] prompt) {
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
    return prompt;
  }

  /**
   * Does a request's work once it is its turn: it generates {@code count} answers to each of its
   * prompts, one prompt after the other.
   *
   * @param prompts of which each {@linkplain #requireFits fits}
   * @param work is told how many of the answers there is memory for at a time, at least 1
   * @throws ApiException if the server is busy or stops, or the time is over
   */
  <T> T inTurn(
      Exchange exchange,
      List<int[]> prompts,
      GenerationOptions options,
      int count,
      IntFunction<T> work) {
    long most =
        prompts.stream().mapToLong(prompt -> inBlocks(positions(prompt, options))).max().orElse(0);
    int atOnce = Math.clamp(admission.capacity() / Math.max(1, most), 1, count);
    return inTurn(exchange, atOnce, atOnce * most, () -> work.apply(atOnce));
  }

  /**
   * Does work with the model, once it is its turn.
   *
   * @param texts that it computes at a time
   * @param positions that need room for keys and values
   * @throws ApiException if a text does not fit, the server is busy or stops, or the time is over
   */
  <T> T inTurn(Exchange exchange, int texts, long positions, Supplier<T> work) {
    try {
      Duration before = exchange.age();
      Admission.Place place = admission.enter(exchange, texts, positions);
      exchange.work().waited(exchange.age().minus(before));
      try (place) {
        return work.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Exchange.stopping();
    } catch (ContextOverflowException e) {
      throw tooLong(String.valueOf(e.getMessage()));
    } catch (KvCacheFullException e) {
      throw ApiException.busy(
          "The memory for keys and values is full; try again later.", Duration.ofSeconds(5));
    }
  }

  /** The positions that memory is taken for where a text has so many. */
  static long inBlocks(int positions) {
    return Math.ceilDiv(positions, BLOCK) * (long) BLOCK;
  }

  /** Most positions of a prompt and its answer. */
  private int positions(int[] prompt, GenerationOptions options) {
    int context = model.info().contextLength();
    int most = Math.min(options.maxTokens(), context - prompt.length);
    return Math.min(context, prompt.length + most + 1);
  }

  /**
   * Generates a text, within the work of a turn.
   *
   * @throws ApiException if the time is over or the server stops
   * @throws EventStream.Gone if the client has gone
   */
  GenerationResult generate(
      Exchange exchange, int[] prompt, GenerationOptions options, GenerationListener listener) {
    SessionOptions room = SessionOptions.defaults().withContext(positions(prompt, options));
    try (Session session = model.openSession(room)) {
      GenerationResult result =
          session.generate(
              prompt, options.withDrafting(drafting), whileWanted(exchange, session, listener));
      metrics.count(result.stats());
      exchange.work().text(result.stats(), result.finishReason());
      if (result.finishReason() == FinishReason.CANCELLED) {
        exchange.requireWanted();
        throw Exchange.stopping(); // an interrupt ended it
      }
      return result;
    }
  }

  /** Cancels a text when nobody wants it any more: looks before each step. */
  private static GenerationListener whileWanted(
      Exchange exchange, Session session, GenerationListener to) {
    return new GenerationListener() {
      private void look() {
        if (!exchange.isWanted()) {
          session.cancel();
        }
      }

      @Override
      public void onText(String piece) {
        to.onText(piece);
      }

      @Override
      public void onToken(int token) {
        exchange.work().token(exchange.age());
        look();
        to.onToken(token);
      }

      @Override
      public void onLogprobs(TokenLogprobs logprobs) {
        to.onLogprobs(logprobs);
      }

      @Override
      public void onPromptLogprobs(TokenLogprobs logprobs) {
        to.onPromptLogprobs(logprobs);
      }

      @Override
      public void onPrefill(int done, int total) {
        look();
        to.onPrefill(done, total);
      }
    };
  }

  private static ApiException tooLong(String sentence) {
    return ApiException.coded(ApiException.Kind.INVALID, "context_length_exceeded", sentence);
  }
}
