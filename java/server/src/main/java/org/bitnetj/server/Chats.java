package org.bitnetj.server;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.chat.ChatTemplate;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.TokenLogprobs;

/** Answers conversations, whatever protocol they came by. Thread-safe. */
final class Chats {
  private final Answers answers;
  private final Constraints constraints;
  private final boolean toolsInTemplate;

  Chats(Answers answers) {
    this.answers = answers;
    this.constraints = new Constraints(answers.model().tokenizer());
    this.toolsInTemplate = Tools.areInTemplate(answers.model());
  }

  /** How many tokens the model has. */
  int vocabulary() {
    return answers.model().tokenizer().vocabularySize();
  }

  /**
   * A conversation to be answered.
   *
   * @param thinking whether the model thinks before it answers, where its template leaves a choice;
   *     by default not before an answer of a format
   * @param format what the answer must be
   */
  record Request(
      List<ChatMessage> messages,
      Tools tools,
      Optional<Boolean> thinking,
      Optional<Grammar> format,
      GenerationOptions options) {}

  /**
   * The same as tokens.
   *
   * @param opensThinking whether the answer begins within thinking
   */
  record Prompt(int[] ids, GenerationOptions options, boolean opensThinking, boolean tools) {}

  /**
   * An answer that has ended.
   *
   * @param calls how many functions it calls
   * @param thinkingTokens how many of its tokens are thinking
   */
  record Reply(GenerationResult result, int calls, int thinkingTokens) {}

  /**
   * @throws ApiException if the model has no chat template, or the conversation does not fit its
   *     context
   */
  Prompt prepare(Request request) {
    int[] ids = answers.requireFits(encode(request));
    ChatTemplate template = answers.model().requireChatTemplate();
    Set<Integer> stops = new HashSet<>(request.options.stopTokens());
    stops.addAll(template.stopTokens());
    boolean opensThinking = template.opensThinking(settings(request));
    GenerationOptions options = request.options.withStopTokens(stops);
    return new Prompt(
        ids,
        constraints
            .of(request.format, request.tools, opensThinking)
            .map(options::withConstraint)
            .orElse(options),
        opensThinking,
        request.tools.isPresent());
  }

  /**
   * The tokens up to where the answer begins.
   *
   * @throws ApiException if the model has no chat template
   */
  int[] encode(Request request) {
    LanguageModel model = answers.model();
    if (model.chatTemplate().isEmpty()) {
      throw ApiException.coded(ApiException.Kind.INVALID, "no_chat_template", refusal(model));
    }
    List<ChatMessage> messages =
        toolsInTemplate ? request.messages : request.tools.explained(request.messages);
    return model.encodeChat(messages, settings(request));
  }

  private ChatSettings settings(Request request) {
    boolean told = request.tools.isPresent() && toolsInTemplate;
    boolean constrained =
        request.format.isPresent() || request.tools.choice() == Tools.Choice.REQUIRED;
    try {
      return new ChatSettings(
          told ? request.tools.definitions() : List.of(),
          request.thinking.or(() -> constrained ? Optional.of(false) : Optional.empty()));
    } catch (IllegalArgumentException e) { // JSON that the engine finds too large
      throw ApiException.field("tools", "tools: " + e.getMessage());
    }
  }

  private static String refusal(LanguageModel model) {
    try {
      model.requireChatTemplate();
      throw new AssertionError();
    } catch (IllegalStateException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** The one answer to a prompt. */
  Reply answer(Exchange exchange, Prompt prompt, ReplySink sink) {
    return answers(exchange, prompt, List.of(sink)).getFirst();
  }

  /** Generates as many answers as there are sinks, once it is the request's turn. */
  List<Reply> answers(Exchange exchange, Prompt prompt, List<? extends ReplySink> sinks) {
    return answers.inTurn(
        exchange,
        List.of(prompt.ids),
        prompt.options,
        sinks.size(),
        atOnce ->
            Choices.run(
                sinks.size(),
                atOnce,
                (choice, promptIsDone) ->
                    answer(exchange, prompt, choice, promptIsDone, sinks.get(choice))));
  }

  private Reply answer(
      Exchange exchange, Prompt prompt, int choice, Runnable promptIsDone, ReplySink sink) {
    Listener listener = new Listener(prompt, promptIsDone, sink);
    GenerationOptions options = Streams.withSeedOf(prompt.options, choice);
    GenerationResult result = answers.generate(exchange, prompt.ids, options, listener);
    listener.parser.finish();
    return new Reply(result, listener.parser.calls(), listener.thinkingTokens);
  }

  /** Passes a reply's text through the parser. */
  private static final class Listener implements GenerationListener {
    private final Runnable promptIsDone;
    private final ReplySink sink;
    private final ReplyParser parser;
    private int tokens;
    private int thinkingTokens;

    Listener(Prompt prompt, Runnable promptIsDone, ReplySink sink) {
      this.promptIsDone = promptIsDone;
      this.sink = sink;
      this.parser = new ReplyParser(prompt.opensThinking, prompt.tools, counting(sink));
    }

    /** Notes how many tokens there were when thinking last went on. */
    private ReplySink counting(ReplySink to) {
      return new ReplySink() {
        @Override
        public void thinking(String piece) {
          thinkingTokens = tokens;
          to.thinking(piece);
        }

        @Override
        public void text(String piece) {
          to.text(piece);
        }

        @Override
        public void call(ToolCall call) {
          to.call(call);
        }
      };
    }

    @Override
    public void onText(String piece) {
      parser.accept(piece);
    }

    @Override
    public void onToken(int token) {
      tokens++;
    }

    @Override
    public void onLogprobs(TokenLogprobs logprobs) {
      sink.logprobs(logprobs);
    }

    @Override
    public void onPrefill(int done, int total) {
      if (done == total) {
        promptIsDone.run();
      } else {
        sink.progress(done, total);
      }
    }
  }
}
