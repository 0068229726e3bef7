package org.bitnetj.generate;

/** Why a text ended. */
public enum FinishReason {
  /** The model generated one of its end tokens or a stop token of the options. */
  END_TOKEN,
  /** A stop string occurred; it is not part of the text. */
  STOP_STRING,
  /** The text has the requested number of tokens. */
  MAX_TOKENS,
  /** Prompt and text fill the session's context. */
  CONTEXT_FULL,
  /** {@link Session#cancel} was called or the thread interrupted. */
  CANCELLED
}
