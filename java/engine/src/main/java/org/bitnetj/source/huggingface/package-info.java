/**
 * Hugging Face checkpoints: weights in safetensors files, {@code config.json} and a tokenizer
 * beside them. Nothing but {@code source.container} knows it.
 */
@NullMarked
package org.bitnetj.source.huggingface;

import org.jspecify.annotations.NullMarked;
