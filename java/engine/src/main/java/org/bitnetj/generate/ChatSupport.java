package org.bitnetj.generate;

import java.util.Optional;
import org.bitnetj.chat.ChatTemplate;
import org.bitnetj.source.Metadata;
import org.bitnetj.source.ModelFileException;
import org.bitnetj.tokenizer.Tokenizer;

/**
 * A model's chat template, or the sentence that says why it has none. A template that cannot be
 * read is no reason to refuse a model that continues texts as well as any.
 */
record ChatSupport(Optional<ChatTemplate> template, String refusal) {
  private static final String NONE =
      "This model has no chat template: it continues texts, but was not made to chat.";

  static ChatSupport of(Metadata metadata, Tokenizer tokenizer) {
    try {
      return new ChatSupport(ChatTemplate.of(metadata, tokenizer), NONE);
    } catch (ModelFileException e) {
      return new ChatSupport(
          Optional.empty(), "This model can continue texts, but not chat: " + e.getMessage());
    }
  }

  /**
   * @throws IllegalStateException if there is none
   */
  ChatTemplate require() {
    return template.orElseThrow(() -> new IllegalStateException(refusal));
  }
}
