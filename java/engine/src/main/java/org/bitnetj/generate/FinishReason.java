package org.bitnetj.generate;

/** Why a text ended. */
public enum FinishReason {
  /** The model said that it is done, by one of its end tokens or a stop token of the options. */
  END_TOKEN,
  /** The text came to a stop string, which is not part of it. */
  STOP_STRING,
  /** It has as many tokens as were asked for. */
  MAX_TOKENS,
  /** Prompt and text fill the session's context. */
  CONTEXT_FULL,
  /** {@link Session#cancel} was called or the thread interrupted. */
  CANCELLED
}
