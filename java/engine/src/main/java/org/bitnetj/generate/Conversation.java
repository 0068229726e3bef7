package org.bitnetj.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.error.ContextOverflowException;

/**
 * A chat with memory. Each reply is computed from all messages so far; thanks to the session's
 * cache only new text is computed. Messages are kept as text and never dropped silently: when they
 * no longer fit the context, {@link #reply} throws. For one thread at a time, like its session.
 */
public final class Conversation {
  private static final String SYSTEM = "system";

  private final Session session;
  private final List<ChatMessage> messages = new ArrayList<>();
  private ChatSettings settings = ChatSettings.DEFAULTS;

  /**
   * An empty conversation. It does not close the session.
   *
   * @param session computes the replies; nothing else may use it meanwhile
   */
  public Conversation(Session session) {
    Objects.requireNonNull(session, "session is null");
    this.session = session;
  }

  /**
   * Sends a message to the model and generates its answer. Both are added to the messages when the
   * answer has ended, even if it was cut short, but not if it was cancelled before its first word
   * or failed.
   *
   * @param user the message
   * @param options how tokens are chosen and where the answer ends
   * @param listener hears of the answer while it is generated
   * @return the answer
   * @throws ContextOverflowException if the messages do not fit the context
   * @throws IllegalStateException if the model has no chat template
   */
  public GenerationResult reply(
      String user, GenerationOptions options, GenerationListener listener) {
    Objects.requireNonNull(user, "user is null");
    Objects.requireNonNull(options, "options is null");
    Objects.requireNonNull(listener, "listener is null");
    List<ChatMessage> all = new ArrayList<>(messages);
    all.add(ChatMessage.user(user));
    GenerationResult result = session.chat(all, settings, options, listener);
    if (result.finishReason() != FinishReason.CANCELLED || !result.text().isEmpty()) {
      messages.add(all.getLast());
      messages.add(ChatMessage.assistant(result.text()));
    }
    return result;
  }

  /** {@return the messages so far, the system message first if there is one} */
  public List<ChatMessage> messages() {
    return List.copyOf(messages);
  }

  /**
   * {@return tokens of the session's context that these messages take; the rest is for the next
   * message and its answer}
   *
   * @throws IllegalStateException if the model has no chat template
   * @throws org.bitnetj.error.ChatTemplateException if the template refuses the messages
   */
  public int countTokens() {
    return session.countTokens(messages, settings);
  }

  /** {@return the system message} */
  public Optional<String> system() {
    return messages.isEmpty() || !messages.getFirst().role().equals(SYSTEM)
        ? Optional.empty()
        : Optional.of(messages.getFirst().content());
  }

  /**
   * Sets or replaces the system message; an empty text removes it.
   *
   * @param text what the model is to be and do
   */
  public void setSystem(String text) {
    Objects.requireNonNull(text, "text is null");
    if (system().isPresent()) {
      messages.removeFirst();
    }
    if (!text.isEmpty()) {
      messages.addFirst(ChatMessage.system(text));
    }
  }

  /**
   * What the template is told besides the messages from now on.
   *
   * @param value tools, and whether to think
   */
  public void setSettings(ChatSettings value) {
    Objects.requireNonNull(value, "settings is null");
    settings = value;
  }

  /**
   * Continues an earlier conversation.
   *
   * @param said its messages, the oldest first
   */
  public void restore(List<ChatMessage> said) {
    Objects.requireNonNull(said, "said is null");
    List<ChatMessage> copy = List.copyOf(said);
    messages.clear();
    messages.addAll(copy);
  }

  /** Forgets everything except the system message. */
  public void clear() {
    Optional<String> system = system();
    messages.clear();
    system.ifPresent(this::setSystem);
  }
}
