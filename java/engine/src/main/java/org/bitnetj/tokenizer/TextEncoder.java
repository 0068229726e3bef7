package org.bitnetj.tokenizer;

/**
 * Turns text without special tokens into ids: the part in which the families of tokenizers differ.
 * Implementations are immutable; what changes lives in the {@link Call} of one encode.
 */
sealed interface TextEncoder permits ByteLevelBpe, SentencePieceBpe {
  /** One encode call's scratch memory. */
  interface Call {
    /**
     * Appends the tokens of {@code text[from, to)}: a whole text, or the part of one between
     * special tokens. It is empty only where a space comes before nothing ({@link
     * org.bitnetj.source.VocabularySource.SpacePrefix#FIRST}).
     */
    void encode(byte[] text, int from, int to, TokenBuffer out);
  }

  Call newCall();
}
