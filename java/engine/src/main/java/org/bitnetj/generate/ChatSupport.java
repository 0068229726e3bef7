package org.bitnetj.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.ChatSettings;
import org.bitnetj.chat.ChatTemplate;
import org.bitnetj.error.ChatTemplateException;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.ModelSource;
import org.bitnetj.tokenizer.Segment;
import org.bitnetj.tokenizer.Tokenizer;

/**
 * A model's chat template, or the sentence that says why it has none. A model whose template cannot
 * be read is not refused, because it can still continue texts.
 *
 * @param systemRole whether the template shows system messages to the model; some drop them, some
 *     refuse them
 */
record ChatSupport(Optional<ChatTemplate> template, boolean systemRole, String refusal) {
  private static final String SYSTEM = "system";

  private static final String NONE =
      "This model has no chat template: it continues texts, but was not made to chat.";

  static ChatSupport of(ModelSource source, Tokenizer tokenizer) {
    try {
      return of(source.chatTemplate().orElse(""), source.family(), tokenizer);
    } catch (ModelFileException e) {
      return unreadable(e);
    }
  }

  /**
   * With a template in the place of the model's own.
   *
   * @throws ChatTemplateException if it cannot be used
   */
  static ChatSupport given(String text, Tokenizer tokenizer) {
    ChatTemplate template = ChatTemplate.given(text, tokenizer);
    return new ChatSupport(Optional.of(template), showsSystem(template), NONE);
  }

  /** Takes the arguments of {@link ChatTemplate#of}. */
  static ChatSupport of(String text, String family, Tokenizer tokenizer) {
    try {
      Optional<ChatTemplate> template = ChatTemplate.of(text, family, tokenizer);
      return new ChatSupport(template, template.filter(ChatSupport::showsSystem).isPresent(), NONE);
    } catch (ModelFileException e) {
      return unreadable(e);
    }
  }

  private static ChatSupport unreadable(ModelFileException e) {
    return new ChatSupport(
        Optional.empty(), false, "This model can continue texts, but not chat: " + e.getMessage());
  }

  private static boolean showsSystem(ChatTemplate template) {
    String instruction = "Answer like the ferryman 4711.";
    try {
      return template
          .render(List.of(ChatMessage.system(instruction), ChatMessage.user("Hello")), true)
          .stream()
          .map(Segment::text)
          .collect(Collectors.joining())
          .contains(instruction);
    } catch (ChatTemplateException e) {
      return false;
    }
  }

  /** Tokens that end an answer; none without a template. */
  Set<Integer> stopTokens() {
    return template.map(ChatTemplate::stopTokens).orElse(Set.of());
  }

  /**
   * @throws IllegalStateException if there is none
   */
  ChatTemplate require() {
    return template.orElseThrow(() -> new IllegalStateException(refusal));
  }

  /**
   * The ids of a conversation. Where the template has no system role, the text of a system message
   * is put in front of the next user message, separated by an empty line; at the end it becomes a
   * user message.
   *
   * @throws IllegalStateException if there is no template
   * @throws ChatTemplateException if the template refuses the messages
   */
  int[] encode(List<ChatMessage> messages, ChatSettings settings, boolean generationPrompt) {
    return require()
        .encode(systemRole ? messages : withoutSystem(messages), settings, generationPrompt);
  }

  /**
   * The ids of a conversation up to where the answer begins.
   *
   * @throws IllegalStateException if there is no template
   * @throws ChatTemplateException if the template refuses the messages, or makes no text of them
   */
  int[] encodeForAnswer(List<ChatMessage> messages, ChatSettings settings) {
    int[] ids = encode(messages, settings, true);
    if (ids.length == 0) {
      throw new ChatTemplateException(
          "The chat template makes no text of the messages, so that there is nothing to answer.");
    }
    return ids;
  }

  private static List<ChatMessage> withoutSystem(List<ChatMessage> messages) {
    List<ChatMessage> result = new ArrayList<>();
    List<String> front = new ArrayList<>();
    for (ChatMessage message : messages) {
      if (message.role().equals(SYSTEM)) {
        front.add(message.content());
      } else if (message.role().equals("user")) {
        front.add(message.content());
        result.add(ChatMessage.user(String.join("\n\n", front)));
        front.clear();
      } else {
        result.add(message);
      }
    }
    if (!front.isEmpty()) {
      result.add(ChatMessage.user(String.join("\n\n", front)));
    }
    return result;
  }
}
