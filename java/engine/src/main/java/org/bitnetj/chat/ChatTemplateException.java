package org.bitnetj.chat;

/**
 * Messages that a model's chat template refuses, or a template that fails on them. The message is a
 * sentence for the person who chats.
 */
public final class ChatTemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ChatTemplateException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
