package org.bitnetj.generate;

import java.util.Arrays;
import java.util.BitSet;
import java.util.function.Function;
import org.bitnetj.constraint.Constraint;
import org.bitnetj.constraint.ConstraintState;
import org.bitnetj.engine.Drafter;
import org.bitnetj.engine.PromptLookup;
import org.bitnetj.engine.SequenceState;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.error.KvCacheFullException;
import org.bitnetj.error.NonFiniteException;
import org.bitnetj.model.WeightReads;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.sampling.Sampler;
import org.bitnetj.tokenizer.StreamDecoder;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;

/**
 * A text while it is generated: each {@link #advance} gives one more token. For one thread at a
 * time, except {@link #cancel}.
 *
 * <p>A step may compute drafted tokens behind the next one. As a row's logits do not depend on the
 * other rows of its step, each token is chosen from the logits it would be chosen from without
 * drafts, and in the same order: where it is what was drafted, the logits after it are there
 * already.
 */
final class Generation {
  private static final LogitsNeed ALL = LogitsNeed.all();

  private final SequenceState sequence;
  private final Tokenizer tokenizer;
  private final int[] prompt;
  private final GenerationOptions options;
  private final GenerationListener listener;
  private final long started;
  private final Sampler sampler;
  private final StreamDecoder decoder;
  private final StopScanner scanner;
  private final @Nullable ConstraintState constraint;
  private final BitSet ends = new BitSet();
  private final StringBuilder decoded = new StringBuilder();
  private final StringBuilder piece = new StringBuilder();
  private final StringBuilder text = new StringBuilder();
  private final @Nullable Drafter drafter;
  private final int[] next = new int[1 + Drafter.MOST]; // the last token, then drafted ones
  private final WeightReads reads = new WeightReads(); // of the decode steps

  private int[] tokens = new int[16];
  private int count;
  private int cached;
  private int token; // chosen last
  private int drafted; // tokens that were computed behind it
  private int row; // of the logits that the last token was chosen from
  private int steps;
  private int draftedTokens;
  private int acceptedTokens;
  private long prefillNanos;
  private long decodeNanos;
  private long firstTokenNanos;
  private boolean prefilled;
  private volatile boolean cancelled;
  private @Nullable FinishReason finish;

  /**
   * Nothing is computed and nothing forgotten yet.
   *
   * @param started when the text was asked for, by {@link System#nanoTime}
   * @throws ContextOverflowException if the prompt leaves no room for an answer
   * @throws IllegalArgumentException if the prompt is empty or holds an unknown token
   */
  Generation(
      SequenceState sequence,
      Tokenizer tokenizer,
      int[] prompt,
      GenerationOptions options,
      GenerationListener listener,
      long started) {
    this(sequence, tokenizer, prompt, options, listener, started, PromptLookup::new);
  }

  /**
   * @param drafting gives what drafts the text that follows a prompt
   */
  Generation(
      SequenceState sequence,
      Tokenizer tokenizer,
      int[] prompt,
      GenerationOptions options,
      GenerationListener listener,
      long started,
      Function<int[], Drafter> drafting) {
    this.sequence = sequence;
    this.tokenizer = tokenizer;
    this.prompt = prompt.clone();
    this.options = options;
    this.listener = listener;
    this.started = started;
    if (prompt.length == 0) {
      throw new IllegalArgumentException(
          "The prompt is empty and the model has no token to begin a text with; give it some"
              + " text.");
    }
    if (prompt.length >= sequence.context()) {
      throw new ContextOverflowException(
          "The prompt has "
              + prompt.length
              + " tokens, but the context holds "
              + sequence.context()
              + " and the answer needs at least one of them; shorten the prompt or use a larger"
              + " context.");
    }
    this.sampler = new Sampler(options.sampling(), tokenizer.vocabularySize());
    for (int token : prompt) {
      sampler.accept(token);
    }
    this.decoder =
        options.showSpecials()
            ? tokenizer.newDecoder(false, true)
            : tokenizer.newDecoder(false, options.shownTokens());
    this.scanner = new StopScanner(options.stopStrings());
    this.constraint = options.constraint().map(Constraint::start).orElse(null);
    // A draft's logits are asked for before its tokens are chosen, so that what is asked for must
    // not depend on them.
    boolean drafts = options.drafting() && constraint == null && !options.sampling().penalizes();
    this.drafter = drafts ? drafting.apply(prompt) : null;
    restrict();
    if (!options.ignoreEnd() || constraint != null) {
      tokenizer.endTokens().forEach(ends::set);
      options.stopTokens().forEach(ends::set);
    }
  }

  /** Ends the text before the next step; the cache stays usable. From any thread. */
  void cancel() {
    cancelled = true;
  }

  /**
   * Computes the prompt at first, and then one token each time.
   *
   * @return false when the text has ended
   */
  boolean advance() {
    if (finish != null) {
      return false;
    }
    boolean goesOn = false;
    try {
      if (!prefilled && !prefill() || isCancelled()) {
        finish(FinishReason.CANCELLED);
      } else if (options.maxTokens() == 0) {
        finish(FinishReason.MAX_TOKENS);
      } else {
        if (count > 0) {
          decode();
        } else {
          firstTokenNanos = System.nanoTime() - started;
        }
        take(token);
      }
      goesOn = finish == null;
    } finally {
      if (!goesOn) { // the text has ended, or something was thrown
        forgetDraft();
      }
    }
    return goesOn;
  }

  private boolean isCancelled() {
    return cancelled || Thread.currentThread().isInterrupted();
  }

  /** Computes the prompt in chunks; false if it was cancelled between two. */
  private boolean prefill() {
    int last = prompt.length - 1;
    int scored = options.promptLogprobs().isPresent() ? last : 0; // whose logits are looked at
    cached = sequence.adopt(prompt, scored > 0 ? 0 : last);
    int to;
    for (int from = cached; from < prompt.length; from = to) {
      if (isCancelled()) {
        return false;
      }
      long start = System.nanoTime();
      if (from < scored) {
        to = Math.min(from + sequence.logitsCapacity(), scored);
        score(from, to);
      } else {
        to = Math.min(from + sequence.batchCapacity(), prompt.length);
        boolean samples = to == prompt.length && options.maxTokens() > 0;
        sequence.compute(prompt, from, to, samples ? last : to, need());
        if (samples) {
          sample();
        }
      }
      prefillNanos += System.nanoTime() - start;
      listener.onPrefill(to, prompt.length);
    }
    prefilled = true;
    return true;
  }

  /** Computes tokens of the prompt, and tells how probable those behind them are. */
  private void score(int from, int to) {
    int top = options.promptLogprobs().getAsInt();
    sequence.compute(prompt, from, to, from, ALL);
    for (int i = from; i < to; i++) {
      TokenLogprobs logprobs = logprobs(i - from, prompt[i + 1], top);
      if (!Double.isFinite(logprobs.chosen().logprob())) {
        throw new NonFiniteException(
            "a logit after position "
                + i
                + " is not finite: the weights of the output head are damaged; fetch the model file"
                + " again.");
      }
      listener.onPromptLogprobs(logprobs);
    }
  }

  private TokenLogprobs logprobs(int row, int token, int top) {
    return TokenLogprobs.of(sequence.logits(), row, tokenizer.vocabularySize(), token, top);
  }

  private void decode() {
    long start = System.nanoTime();
    if (row < drafted) {
      row++;
      acceptedTokens++;
    } else {
      next[0] = token;
      row = 0;
      drafted = 0;
      drafted = compute(draft());
      reads.add(sequence.reads());
      draftedTokens += drafted;
      steps++;
    }
    sample();
    if (row < drafted && token != next[row + 1]) {
      forgetDraft();
    }
    decodeNanos += System.nanoTime() - start;
  }

  private int draft() {
    if (drafter == null) {
      return 0;
    }
    int left = Math.min(options.maxTokens(), sequence.context() - prompt.length) - count;
    int drafts = sequence.drafts(drafter, left - 1);
    drafter.draft(next, 1, drafts);
    return drafts;
  }

  /** Computes the last token and {@code drafts} more; returns how many of these it has computed. */
  private int compute(int drafts) {
    try {
      sequence.compute(next, 0, 1 + drafts, 0, need());
      return drafts;
    } catch (NonFiniteException | KvCacheFullException e) {
      if (drafts == 0) {
        throw e;
      }
      // A draft must not be what ends a text.
      sequence.forget(sequence.length() - (prompt.length + count - 1));
      sequence.compute(next, 0, 1, 0, need());
      return 0;
    }
  }

  /** Takes the drafted tokens that the text does not have out of the cache. */
  private void forgetDraft() {
    sequence.forget(ahead());
    drafted = row;
  }

  /** Drafted tokens that are in the cache and not, or not yet, in the text. */
  int ahead() {
    return drafted - row;
  }

  /** Lets only those tokens be chosen that the constraint allows. */
  private void restrict() {
    if (constraint != null) {
      sampler.allow(constraint.allowed());
    }
  }

  private LogitsNeed need() {
    return options.topLogprobs().isPresent() ? ALL : sampler.need();
  }

  private void sample() {
    token = sampler.sample(sequence.logits(), row, sequence.computed(row));
  }

  private void take(int token) {
    if (ends.get(token)) {
      if (options.showSpecials()) {
        decoder.append(token, decoded);
      }
      finish(FinishReason.END_TOKEN);
      return;
    }
    if (count == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * count);
    }
    tokens[count++] = token;
    sampler.accept(token);
    if (drafter != null) {
      drafter.accept(token);
    }
    listener.onToken(token);
    if (options.topLogprobs().isPresent()) {
      listener.onLogprobs(logprobs(row, token, options.topLogprobs().getAsInt()));
    }
    decoder.append(token, decoded);
    if (constraint != null) {
      constraint.accept(token);
      restrict();
    }
    if (constraint != null && constraint.isOver()) {
      finish(FinishReason.END_TOKEN);
    } else if (count == options.maxTokens()) {
      finish(FinishReason.MAX_TOKENS);
    } else if (prompt.length + count == sequence.context()) {
      finish(FinishReason.CONTEXT_FULL);
    } else if (scan()) {
      finish = FinishReason.STOP_STRING;
      emit();
    } else {
      emit();
    }
  }

  /** Ends the text with what is still in the decoder and the scanner, up to a stop string. */
  private void finish(FinishReason reason) {
    decoded.append(decoder.finish());
    if (scan()) {
      finish = FinishReason.STOP_STRING;
    } else {
      finish = reason;
      scanner.finish(piece);
    }
    emit();
  }

  private boolean scan() {
    boolean found = scanner.feed(decoded, piece);
    decoded.setLength(0);
    return found;
  }

  private void emit() {
    if (!piece.isEmpty()) {
      String sure = piece.toString();
      piece.setLength(0);
      text.append(sure);
      listener.onText(sure);
    }
  }

  boolean hasEnded() {
    return finish != null;
  }

  /** The finished text. */
  GenerationResult result() {
    if (finish == null) {
      throw new IllegalStateException("the text has not ended yet");
    }
    GenerationStats stats =
        new GenerationStats(
            prompt.length,
            cached,
            count,
            steps,
            draftedTokens,
            acceptedTokens,
            prefillNanos,
            decodeNanos,
            firstTokenNanos,
            steps > 0 ? reads.bytes() / (steps + acceptedTokens) : sequence.bytesPerToken(),
            reads.activeRows(),
            reads.nonzeroUnits());
    return new GenerationResult(
        text.toString(),
        Arrays.copyOf(tokens, count),
        finish,
        scanner.found(),
        sampler.seed(),
        stats);
  }
}
