/**
 * Text to token ids and back: byte-level BPE (GPT-2, Llama-3, Qwen2 pre-tokenizers) and
 * SentencePiece-style BPE with byte fallback, built from a model file's metadata. What a chat looks
 * like to a model belongs to {@code chat}; nothing here knows roles or templates.
 */
@NullMarked
package org.bitnetj.tokenizer;

import org.jspecify.annotations.NullMarked;
