package org.bitnetj.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.error.ContextOverflowException;

/**
 * A chat that remembers. Each reply is computed from all messages so far; the session's cache makes
 * that cost only what is new. What was said is kept as text and nothing is dropped from it
 * silently: when it no longer fits the context, {@link #reply} says so. For one thread at a time,
 * like its session.
 */
public final class Conversation {
  private static final String SYSTEM = "system";

  private final Session session;
  private final List<ChatMessage> messages = new ArrayList<>();

  /** An empty conversation. It does not close the session. */
  public Conversation(Session session) {
    this.session = session;
  }

  /**
   * Says something to the model and generates its answer. Both join the messages when the answer
   * has ended, also one that was cut short; not when it was cancelled before its first word, or
   * failed.
   *
   * @throws ContextOverflowException if all that was said does not fit the context
   * @throws IllegalStateException if the model has no chat template
   */
  public GenerationResult reply(
      String user, GenerationOptions options, GenerationListener listener) {
    List<ChatMessage> all = new ArrayList<>(messages);
    all.add(ChatMessage.user(user));
    GenerationResult result = session.chat(all, options, listener);
    if (result.finishReason() != FinishReason.CANCELLED || !result.text().isEmpty()) {
      messages.add(all.getLast());
      messages.add(ChatMessage.assistant(result.text()));
    }
    return result;
  }

  /** What was said so far, the system message first if there is one. */
  public List<ChatMessage> messages() {
    return List.copyOf(messages);
  }

  /**
   * Tokens of the session's context that these messages take; the rest is for the next message and
   * its answer.
   *
   * @throws IllegalStateException if the model has no chat template
   * @throws org.bitnetj.error.ChatTemplateException if the template refuses the messages
   */
  public int countTokens() {
    return session.countTokens(messages);
  }

  /** The system message. */
  public Optional<String> system() {
    return messages.isEmpty() || !messages.getFirst().role().equals(SYSTEM)
        ? Optional.empty()
        : Optional.of(messages.getFirst().content());
  }

  /** Puts a system message in the place of the one there is; an empty text removes it. */
  public void setSystem(String text) {
    if (system().isPresent()) {
      messages.removeFirst();
    }
    if (!text.isEmpty()) {
      messages.addFirst(ChatMessage.system(text));
    }
  }

  /** Takes up a conversation where it was left. */
  public void restore(List<ChatMessage> said) {
    List<ChatMessage> copy = List.copyOf(said);
    messages.clear();
    messages.addAll(copy);
  }

  /** Forgets everything but the system message. */
  public void clear() {
    Optional<String> system = system();
    messages.clear();
    system.ifPresent(this::setSystem);
  }
}
