/**
 * GGUF files, versions 2 and 3: reading them through one mapping and writing them as a stream.
 * {@code GgufFile} knows the container; {@code GgufSpec} and {@code GgufVocabulary} translate its
 * keys into the engine's terms.
 */
@NullMarked
package org.bitnetj.source.gguf;

import org.jspecify.annotations.NullMarked;
