package org.bitnetj.chat.reply;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.chat.ChatTemplate;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.Session;
import org.bitnetj.generate.SessionOptions;

/** Answers conversations with one model. Thread-safe. */
public final class Replies {
  private final LanguageModel model;
  private final Constraints constraints;
  private final boolean toolsInTemplate;
  private final CallForm form;

  /**
   * It does not close the model.
   *
   * @param model an open one
   */
  public Replies(LanguageModel model) {
    Objects.requireNonNull(model, "model is null");
    this.model = model;
    this.toolsInTemplate = Tools.areInTemplate(model);
    this.form = toolsInTemplate ? Tools.callForm(model) : CallForm.DEFAULT;
    this.constraints = new Constraints(model.tokenizer(), form);
  }

  /** {@return the model that answers} */
  public LanguageModel model() {
    return model;
  }

  /**
   * {@return the tokens that a conversation becomes, and how its answer is generated}
   *
   * @param request the conversation, tools and format
   * @throws IllegalStateException if the model has no chat template
   * @throws org.bitnetj.error.ChatTemplateException if the template refuses the messages
   * @throws org.bitnetj.error.GrammarException if the answer cannot be held to the format, or to
   *     calls of the tools
   */
  public ChatPrompt prepare(ChatRequest request) {
    Objects.requireNonNull(request, "request is null");
    ChatTemplate template = model.requireChatTemplate();
    Set<Integer> stops = new HashSet<>(request.options().stopTokens());
    stops.addAll(template.stopTokens());
    boolean opensThinking = template.opensThinking(settings(request));
    GenerationOptions options =
        request
            .options()
            .withStopTokens(stops)
            .withShownTokens(ReplyParser.marks(model.tokenizer(), form));
    return new ChatPrompt(
        encode(request),
        constraints
            .of(request.format(), request.tools(), opensThinking)
            .map(options::withConstraint)
            .orElse(options),
        opensThinking,
        request.tools().isPresent() ? Optional.of(form) : Optional.empty());
  }

  /**
   * {@return the tokens that a conversation becomes, up to where its answer begins}
   *
   * @param request the conversation, tools and format
   * @throws RuntimeException as {@link #prepare} where that is not about what the answer is held to
   */
  public int[] encode(ChatRequest request) {
    Objects.requireNonNull(request, "request is null");
    List<ChatMessage> messages =
        toolsInTemplate ? request.messages() : request.tools().explained(request.messages());
    return model.encodeChat(messages, settings(request));
  }

  private ChatSettings settings(ChatRequest request) {
    boolean told = request.tools().isPresent() && toolsInTemplate;
    boolean constrained =
        request.format().isPresent() || request.tools().choice() == Tools.Choice.REQUIRED;
    return new ChatSettings(
        told ? request.tools().definitions() : List.of(),
        request.thinking().or(() -> constrained ? Optional.of(false) : Optional.empty()));
  }

  /**
   * A session with room for a prompt and its answer. {@link Session#cancel} ends the answer; close
   * it afterwards.
   *
   * @param prompt by {@link #prepare}
   * @return an open session
   */
  public Session open(ChatPrompt prompt) {
    Objects.requireNonNull(prompt, "prompt is null");
    long wanted = (long) prompt.ids().length + prompt.options().maxTokens() + 1;
    int context = Math.clamp(wanted, 2, model.info().contextLength());
    return model.openSession(SessionOptions.defaults().withContext(context));
  }

  /**
   * Generates an answer, on this thread.
   *
   * @param session by {@link #open}
   * @param prompt by {@link #prepare}
   * @param sink receives the parts, on this thread
   * @return the whole answer
   * @throws org.bitnetj.error.ContextOverflowException if the prompt does not fit the context
   * @throws org.bitnetj.error.KvCacheFullException if other answers leave it no memory
   */
  public Reply answer(Session session, ChatPrompt prompt, ReplySink sink) {
    Objects.requireNonNull(session, "session is null");
    Objects.requireNonNull(prompt, "prompt is null");
    Objects.requireNonNull(sink, "sink is null");
    ReplyListener listener = new ReplyListener(prompt, () -> {}, sink);
    return listener.end(session.generate(prompt.ids(), prompt.options(), listener));
  }
}
