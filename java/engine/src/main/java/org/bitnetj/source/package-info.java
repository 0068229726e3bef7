/**
 * What a model file is to the engine, whatever its container: typed metadata and named tensors over
 * one read-only mapping. {@code gguf}, a package below, implements it.
 */
@NullMarked
package org.bitnetj.source;

import org.jspecify.annotations.NullMarked;
