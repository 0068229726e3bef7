package org.bitnetj.error;

/**
 * A model's chat template refuses the messages or fails on them, or an interrupt of the thread
 * ended its work. The message is a sentence for the person who chats.
 */
public final class ChatTemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * An exception with a message for people.
   *
   * @param sentence what is wrong, where, and what to do
   */
  public ChatTemplateException(String sentence) {
    super(sentence);
  }

  /**
   * An exception with a message for people.
   *
   * @param sentence what is wrong, where, and what to do
   * @param cause what the template did
   */
  public ChatTemplateException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
