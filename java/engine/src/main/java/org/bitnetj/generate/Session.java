package org.bitnetj.generate;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.engine.SequenceState;
import org.bitnetj.error.ChatTemplateException;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;

/**
 * A place to generate text: a context of a fixed number of tokens with its KV cache. Each call
 * passes the whole prompt, from the beginning of the text; the part that the cache still holds is
 * not computed again, so continuing a text or a chat costs only the new part. Results never depend
 * on what the session did before.
 *
 * <p>For one thread at a time: a second one gets an {@link IllegalStateException}. Only {@link
 * #cancel} and {@link #close} may be called from any thread at any time. Sessions of one model that
 * compute at the same time share their steps, and reuse each other's cached prefixes.
 *
 * <p>A call that fails or is cancelled leaves the session usable. Interrupting the thread cancels
 * like {@link #cancel}, and the thread stays interrupted.
 */
public final class Session implements AutoCloseable {
  private final Tokenizer tokenizer;
  private final ChatSupport chats;
  private final SequenceState sequence;
  private final AtomicReference<@Nullable Call> user = new AtomicReference<>();
  private volatile @Nullable Generation latest;

  Session(Tokenizer tokenizer, ChatSupport chats, SequenceState sequence) {
    this.tokenizer = tokenizer;
    this.chats = chats;
    this.sequence = sequence;
  }

  /** {@return the most tokens that prompt and text may have together} */
  public int context() {
    return sequence.context();
  }

  /** {@return the tokens that the cache holds: the beginning of the last prompt and text} */
  public int[] tokens() {
    enter();
    try {
      int[] tokens = sequence.tokens();
      Generation open = latest; // perhaps a stream that is not read to its end
      return open == null ? tokens : Arrays.copyOf(tokens, tokens.length - open.ahead());
    } finally {
      exit();
    }
  }

  /**
   * Continues {@code prompt} with default options, and returns the continuation when it has ended.
   *
   * @param prompt the text from its beginning
   * @return the continuation, without the prompt
   */
  public String generate(String prompt) {
    return generate(prompt, GenerationOptions.defaults(), GenerationListener.NONE).text();
  }

  /**
   * Continues a text. In the prompt the names of special tokens are ordinary text; a
   * beginning-of-text token is added if the model asks for one.
   *
   * @param prompt the text from its beginning
   * @param options how tokens are chosen and where the text ends
   * @param listener receives the continuation piece by piece
   * @return the continuation, its tokens and times
   * @throws ContextOverflowException if the prompt does not fit; nothing was changed
   */
  public GenerationResult generate(
      String prompt, GenerationOptions options, GenerationListener listener) {
    Objects.requireNonNull(prompt, "prompt is null");
    Objects.requireNonNull(options, "options is null");
    Objects.requireNonNull(listener, "listener is null");
    long started = System.nanoTime();
    return run(() -> encode(prompt), options, listener, started);
  }

  /**
   * Like {@link #generate(String, GenerationOptions, GenerationListener)}, for exactly these
   * tokens.
   *
   * @param prompt tokens of the model, the text from its beginning
   * @param options how tokens are chosen and where the text ends
   * @param listener hears of the text while it is generated
   * @return the continuation, its tokens and times
   */
  public GenerationResult generate(
      int[] prompt, GenerationOptions options, GenerationListener listener) {
    Objects.requireNonNull(prompt, "prompt is null");
    Objects.requireNonNull(options, "options is null");
    Objects.requireNonNull(listener, "listener is null");
    return run(() -> prompt, options, listener, System.nanoTime());
  }

  /**
   * As {@link #chat(List, ChatSettings, GenerationOptions, GenerationListener)}, with defaults.
   *
   * @param messages the conversation, the oldest first
   * @param options how tokens are chosen and where the text ends
   * @param listener hears of the text while it is generated
   * @return the answer, its tokens and times
   */
  public GenerationResult chat(
      List<ChatMessage> messages, GenerationOptions options, GenerationListener listener) {
    return chat(messages, ChatSettings.DEFAULTS, options, listener);
  }

  /**
   * Answers the last of {@code messages}, in the format of the model's chat template. Messages are
   * plain text, even where they spell special tokens. Where the template has no system role (see
   * {@link LanguageModel#hasSystemRole}), the text of a system message is put in front of the next
   * user message. {@link Conversation} keeps the messages of a chat.
   *
   * @param messages the conversation, the oldest first
   * @param settings what the template is told besides: tools, and whether to think
   * @param options the template's own end of a turn ends the answer too
   * @param listener hears of the text while it is generated
   * @return the answer, its tokens and times
   * @throws ContextOverflowException if the messages do not fit; nothing was changed
   * @throws IllegalStateException if the model has no chat template
   * @throws ChatTemplateException if the template refuses the messages or makes no text of them, or
   *     if the thread is interrupted while the template renders them
   */
  public GenerationResult chat(
      List<ChatMessage> messages,
      ChatSettings settings,
      GenerationOptions options,
      GenerationListener listener) {
    Objects.requireNonNull(messages, "messages is null");
    Objects.requireNonNull(settings, "settings is null");
    Objects.requireNonNull(options, "options is null");
    Objects.requireNonNull(listener, "listener is null");
    long started = System.nanoTime();
    Set<Integer> stops = new HashSet<>(options.stopTokens());
    stops.addAll(chats.stopTokens());
    return run(
        () -> chats.encodeForAnswer(messages, settings),
        options.withStopTokens(stops),
        listener,
        started);
  }

  /** Tokens that the messages take in the model's format, without the start of an answer. */
  int countTokens(List<ChatMessage> messages, ChatSettings settings) {
    return messages.isEmpty() ? 0 : chats.encode(messages, settings, false).length;
  }

  private GenerationResult run(
      Supplier<int[]> prompt,
      GenerationOptions options,
      GenerationListener listener,
      long started) {
    Call call = enter();
    try {
      Generation generation =
          new Generation(sequence, tokenizer, prompt.get(), options, listener, started);
      begin(generation, call);
      while (generation.advance()) {
        continue;
      }
      return generation.result();
    } finally {
      sequence.rest();
      exit();
    }
  }

  /**
   * Continues a text as a stream of its pieces, each computed when it is asked for, on the thread
   * that asks. A stream need not be read to its end; it ends with an {@link IllegalStateException}
   * when the session has been used for something else in between.
   *
   * @param prompt the text from its beginning
   * @param options how tokens are chosen and where the text ends
   * @return a sequential stream of pieces; none is empty
   * @throws ContextOverflowException if the prompt does not fit; nothing was changed
   */
  public Stream<String> stream(String prompt, GenerationOptions options) {
    Objects.requireNonNull(prompt, "prompt is null");
    Objects.requireNonNull(options, "options is null");
    long started = System.nanoTime();
    Call call = enter();
    try {
      Pieces pieces = new Pieces();
      Generation generation =
          new Generation(sequence, tokenizer, encode(prompt), options, pieces::add, started);
      pieces.generation = generation;
      begin(generation, call);
      return StreamSupport.stream(
          Spliterators.spliteratorUnknownSize(
              pieces, Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE),
          false);
    } finally {
      exit();
    }
  }

  /**
   * Cancels the generation if {@link #cancel} was called while its prompt was still being encoded.
   */
  private void begin(Generation generation, Call call) {
    latest = generation;
    if (call.cancelled) {
      generation.cancel();
    }
  }

  private int[] encode(String prompt) {
    return tokenizer.encode(prompt, false, tokenizer.addsBos());
  }

  /**
   * Computes the logits that follow each of {@code ids}.
   *
   * @param ids the tokens of the text
   * @param from the first position whose logits are needed, 0 to {@code ids.length - 1}
   * @param visitor receives one row for each position from there on, in order
   * @throws ContextOverflowException if there are more tokens than the context holds
   * @throws org.bitnetj.error.NonFiniteException if a logit is NaN or infinite
   */
  public void logits(int[] ids, int from, LogitsVisitor visitor) {
    Objects.requireNonNull(ids, "ids is null");
    Objects.requireNonNull(visitor, "visitor is null");
    enter();
    try {
      latest = null;
      new LogitsPass(sequence).run(ids, from, visitor);
    } finally {
      exit();
    }
  }

  /**
   * Scores a whole text: {@link #score(int[], int)} from its second token on.
   *
   * @param ids the tokens of the text
   * @return as many values as there are tokens, less one
   */
  public double[] score(int[] ids) {
    return score(ids, 1);
  }

  /**
   * Scores a text: element i is the negative log-likelihood, in nats, of token {@code ids[first +
   * i]} after all that come before it. Its mean is the logarithm of the perplexity. Computed in
   * double from the logits of the whole vocabulary.
   *
   * @param ids the tokens of the text
   * @param first the first token that is scored, 1 to {@code ids.length - 1}
   * @return as many values as there are tokens from {@code first} on
   * @throws ContextOverflowException if there are more tokens than the context holds
   * @throws org.bitnetj.error.NonFiniteException if a logit is NaN or infinite
   */
  public double[] score(int[] ids, int first) {
    Objects.requireNonNull(ids, "ids is null");
    if (ids.length < 2) {
      throw new IllegalArgumentException(
          "To score a text takes at least 2 tokens, not " + ids.length + ".");
    }
    Objects.checkFromToIndex(1, first, ids.length - 1);
    double[] nll = new double[ids.length - first];
    logits(
        ids,
        first - 1,
        (position, logits) -> {
          if (position + 1 < ids.length) {
            nll[position + 1 - first] = LogitsPass.negativeLogLikelihood(logits, ids[position + 1]);
          }
        });
    return nll;
  }

  /**
   * Ends the text that is being generated before its next step, with {@link
   * FinishReason#CANCELLED}, also while its prompt is still being encoded. Does nothing if no text
   * is being generated. May be called from any thread.
   */
  public void cancel() {
    Call call = user.get();
    if (call != null) {
      call.cancelled = true; // before latest is read; begin() does it the other way round
    }
    Generation running = latest;
    if (running != null) {
      running.cancel();
    }
  }

  /** Forgets what the cache holds and gives its memory back; results do not depend on it. */
  public void reset() {
    enter();
    try {
      latest = null;
      sequence.adopt(new int[0], 0);
    } finally {
      exit();
    }
  }

  /**
   * Frees the cache, from any thread: a text that is being generated ends with an {@link
   * IllegalStateException} before its next step. Idempotent.
   */
  @Override
  public void close() {
    sequence.close();
  }

  private Call enter() {
    Call mine = new Call(Thread.currentThread());
    Call other = user.compareAndExchange(null, mine);
    if (other != null) {
      throw new IllegalStateException(
          other.thread == mine.thread
              ? "A listener cannot use the session that is calling it; collect the text first."
              : "This session is in use by thread "
                  + other.thread.getName()
                  + "; open a session for each thread.");
    }
    return mine;
  }

  private void exit() {
    user.set(null);
  }

  /** One call's use of the session. */
  private static final class Call {
    private final Thread thread;
    private volatile boolean cancelled;

    Call(Thread thread) {
      this.thread = thread;
    }
  }

  /** The pieces of a text, each computed when it is asked for. */
  private final class Pieces implements Iterator<String> {
    private @Nullable Generation generation;
    private String piece = "";

    void add(String more) {
      piece = piece.concat(more);
    }

    @Override
    public boolean hasNext() {
      if (!piece.isEmpty()) {
        return true;
      }
      enter();
      try {
        Generation mine = generation;
        if (mine == null || mine.hasEnded()) {
          return false;
        }
        if (mine != latest) {
          throw new IllegalStateException(
              "The session has been used for something else, so this stream cannot continue.");
        }
        while (piece.isEmpty() && mine.advance()) {
          continue;
        }
        return !piece.isEmpty();
      } finally {
        exit();
      }
    }

    @Override
    public String next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      String result = piece;
      piece = "";
      return result;
    }
  }
}
