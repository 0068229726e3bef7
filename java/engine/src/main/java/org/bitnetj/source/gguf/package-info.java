/**
 * GGUF files, versions 2 and 3: reading them through one mapping and writing them as a stream.
 * {@code GgufFile} knows the container; {@code GgufSpec} and {@code GgufVocabulary} say in the
 * engine's words what its keys mean.
 */
@NullMarked
package org.bitnetj.source.gguf;

import org.jspecify.annotations.NullMarked;
