/**
 * Text to token ids and back: byte-level BPE (GPT-2, Llama-3, Qwen2, DeepSeek and Falcon
 * pre-tokenizers) and SentencePiece-style BPE with byte fallback, by scores or merges, built from
 * what a model's files say. What a chat looks like to a model belongs to {@code chat}; nothing here
 * knows roles or templates.
 */
@NullMarked
package org.bitnetj.tokenizer;

import org.jspecify.annotations.NullMarked;
