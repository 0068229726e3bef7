package org.bitnetj.error;

import java.io.IOException;

/**
 * A model file that cannot be used. The message is one sentence for the person who named the file:
 * what is wrong, where (file, metadata key or tensor, byte), and what to do.
 */
public final class ModelFileException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * An exception with a message for people.
   *
   * @param sentence what is wrong, where, and what to do
   */
  public ModelFileException(String sentence) {
    super(sentence);
  }

  /**
   * An exception with a message for people.
   *
   * @param sentence what is wrong, where, and what to do
   * @param cause what reading it met
   */
  public ModelFileException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
