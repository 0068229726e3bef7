package org.bitnetj.tokenizer;

/** What a token is for; the ids are those of GGUF's {@code tokenizer.ggml.token_type}. */
public enum TokenType {
  /** A piece of text. */
  NORMAL(1),
  /** Stands for text the vocabulary cannot spell. */
  UNKNOWN(2),
  /** A mark for the model (begin, end, role …); never text. */
  CONTROL(3),
  /** Text that is always this one token, whatever the merges say. */
  USER_DEFINED(4),
  /** A slot the training left empty; spelled like a normal token. */
  UNUSED(5),
  /** One byte, for text with no token of its own ({@code <0x0A>}). */
  BYTE(6);

  private static final TokenType[] TYPES = values();

  private final int id;

  TokenType(int id) {
    this.id = id;
  }

  /** {@return the number that GGUF files have for it} */
  public int id() {
    return id;
  }

  static TokenType ofOrdinal(int ordinal) {
    return TYPES[ordinal];
  }
}
