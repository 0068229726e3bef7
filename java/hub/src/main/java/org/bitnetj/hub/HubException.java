package org.bitnetj.hub;

import java.io.IOException;

/**
 * A model cannot be found, fetched or removed. The message is one sentence for the person who named
 * it: what is wrong, where, and what to do.
 */
public class HubException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * An exception with a message for people.
   *
   * @param sentence what is wrong, where, and what to do
   */
  public HubException(String sentence) {
    super(sentence);
  }

  /**
   * An exception with a message for people.
   *
   * @param sentence what is wrong, where, and what to do
   * @param cause what was met underneath
   */
  public HubException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
