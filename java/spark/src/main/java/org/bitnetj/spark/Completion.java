package org.bitnetj.spark;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.unsafe.types.UTF8String;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.error.ChatTemplateException;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.GenerationStats;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.Session;
import org.bitnetj.generate.SessionOptions;
import org.jspecify.annotations.Nullable;

/** Completes rows with one model. Thread-safe. */
final class Completion implements RowWork.OfRow {
  private final CompletionOptions options;
  private final SharedModel shared;
  private final LanguageModel model;
  private final GenerationOptions generation;

  /**
   * @throws IllegalStateException if it is a chat and the model has no chat template
   * @throws org.bitnetj.error.GrammarException if the model cannot spell what the schema needs
   */
  Completion(CompletionOptions options, SharedModel shared) {
    this.options = options;
    this.shared = shared;
    this.model = shared.language();
    GenerationOptions asked = options.generation();
    if (options.chat()) {
      Set<Integer> stops = new HashSet<>(asked.stopTokens());
      stops.addAll(model.requireChatTemplate().stopTokens());
      asked = asked.withStopTokens(stops);
    }
    String schema = options.jsonSchema();
    this.generation =
        schema == null
            ? asked
            : asked.withConstraint(shared.constraints().compile(Grammar.jsonSchema(schema)));
  }

  @Override
  public RowResult result(String prompt) throws InterruptedException {
    try {
      int[] ids = encode(prompt);
      int most = model.info().contextLength();
      if (ids.length == 0) {
        return failed(
            "The prompt is empty and the model has no token to begin a text with; give it some"
                + " text.");
      }
      if (ids.length >= most) {
        return failed(
            ("The prompt has %d tokens, but the model's context holds %d and the answer needs at"
                    + " least one of them; shorten the prompt.")
                .formatted(ids.length, most));
      }
      int context = Math.clamp((long) ids.length + options.maxTokens() + 1, 2, most);
      SessionOptions room = SessionOptions.defaults().withContext(context);
      try (Room.Place _ = shared.room().enter(context);
          Session session = model.openSession(room);
          Prefixes.Turn turn = shared.prefixes().await(ids)) {
        return result(session.generate(ids, seeded(prompt), new Prefilled(turn)));
      }
    } catch (ChatTemplateException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      return failed(e.getMessage());
    }
  }

  /** Tells when the prompt is computed. */
  private record Prefilled(Prefixes.Turn turn) implements GenerationListener {
    @Override
    public void onText(String piece) {}

    @Override
    public void onPrefill(int done, int total) {
      if (done == total) {
        turn.computed();
      }
    }
  }

  private int[] encode(String prompt) {
    if (!options.chat()) {
      return model.tokenizer().encode(prompt, false, model.tokenizer().addsBos());
    }
    List<ChatMessage> messages = new ArrayList<>();
    String system = options.system();
    if (system != null) {
      messages.add(ChatMessage.system(system));
    }
    messages.add(ChatMessage.user(prompt));
    return model.encodeChat(
        messages, new ChatSettings(List.of(), Optional.ofNullable(options.thinking())));
  }

  private GenerationOptions seeded(String prompt) {
    return options.temperature() == 0
        ? generation
        : generation.withSeed(seed(options.seed(), prompt));
  }

  /** A row's own seed: the beginning of the SHA-256 of the options' seed and the prompt. */
  static long seed(long seed, String prompt) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(ByteBuffer.allocate(Long.BYTES).putLong(seed).array());
      return ByteBuffer.wrap(digest.digest(prompt.getBytes(StandardCharsets.UTF_8))).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JDK has SHA-256.", e);
    }
  }

  private static RowResult failed(String sentence) {
    return RowResult.failed(row(null, sentence, null, null));
  }

  private static RowResult result(GenerationResult made) throws InterruptedException {
    if (made.finishReason() == FinishReason.CANCELLED) {
      throw new InterruptedException();
    }
    GenerationStats stats = made.stats();
    String reason =
        switch (made.finishReason()) {
          case END_TOKEN, STOP_STRING -> "stop";
          case MAX_TOKENS, CONTEXT_FULL -> "length";
          case CANCELLED -> throw new IllegalStateException("a cancelled text is no result");
        };
    return new RowResult(
        row(made.text(), null, reason, stats),
        false,
        stats.promptTokens(),
        stats.cachedTokens(),
        stats.generatedTokens());
  }

  /** Of {@link CompletionOptions#resultType}. */
  private static InternalRow row(
      @Nullable String text,
      @Nullable String error,
      @Nullable String reason,
      @Nullable GenerationStats stats) {
    return new GenericInternalRow(
        new @Nullable Object[] {
          UTF8String.fromString(text),
          UTF8String.fromString(error),
          UTF8String.fromString(reason),
          stats == null ? null : stats.promptTokens(),
          stats == null ? null : stats.generatedTokens()
        });
  }
}
