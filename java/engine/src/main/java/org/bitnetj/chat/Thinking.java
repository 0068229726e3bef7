package org.bitnetj.chat;

/**
 * What a chat template knows of thinking, the text between {@code <think>} and {@code </think>} in
 * which a model prepares its answer.
 */
public enum Thinking {
  /** Nothing. */
  UNKNOWN,
  /** It drops earlier thinking or begins some, but leaves no choice. */
  FIXED,
  /** The variable {@code enable_thinking} decides whether the model thinks. */
  OPTIONAL
}
