/**
 * What a model file is to the engine, whatever its container: typed metadata and named tensors over
 * one read-only mapping. {@code gguf} (and later {@code safetensors}) implement it.
 */
@NullMarked
package org.bitnetj.file;

import org.jspecify.annotations.NullMarked;
