/**
 * GGUF files, versions 2 and 3: reading them through one mapping and writing them as a stream. Only
 * the container is known here; what keys and tensors mean to a model belongs elsewhere.
 */
@NullMarked
package org.bitnetj.source.gguf;

import org.jspecify.annotations.NullMarked;
