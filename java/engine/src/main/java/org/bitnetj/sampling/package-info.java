/**
 * From logits to the next token: the settings of the choice, and the {@link
 * org.bitnetj.sampling.Sampler} that makes it for one sequence. It knows rows of floats and token
 * ids, and nothing of models or text.
 */
@NullMarked
package org.bitnetj.sampling;

import org.jspecify.annotations.NullMarked;
