/**
 * What a model file is to the engine, whatever its container: a specification, a vocabulary, a chat
 * template and tensors by their roles. A package below implements it for each container ({@code
 * gguf}, {@code huggingface}), and {@code container} opens them.
 */
@NullMarked
package org.bitnetj.source;

import org.jspecify.annotations.NullMarked;
