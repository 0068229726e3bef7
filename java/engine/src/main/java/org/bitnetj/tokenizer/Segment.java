package org.bitnetj.tokenizer;

import java.util.Objects;

/**
 * A stretch of text and whether it is trusted: written by the program, not by a user or a model.
 *
 * @param text the text; stretches are joined before they are tokenized, so their boundaries do not
 *     change how ordinary text is cut
 * @param trusted true for text of a chat template, where the spelling of a special token is that
 *     token; false for what a user or a model wrote, where it stays text
 */
public record Segment(String text, boolean trusted) {
  /** Refuses null. */
  public Segment {
    Objects.requireNonNull(text, "text is null");
  }

  /**
   * {@return text in which special tokens are recognised}
   *
   * @param text the words of a template, never of a user
   */
  public static Segment trusted(String text) {
    return new Segment(text, true);
  }

  /**
   * {@return text in which special tokens are plain text}
   *
   * @param text what a user or a tool said
   */
  public static Segment untrusted(String text) {
    return new Segment(text, false);
  }
}
