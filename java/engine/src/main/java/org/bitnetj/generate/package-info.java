/**
 * The library's face: load a {@link org.bitnetj.generate.LanguageModel}, open a {@link
 * org.bitnetj.generate.Session}, stream text. What joins tokenizer, forward pass, cache and sampler
 * belongs here; what computes does not.
 */
@NullMarked
package org.bitnetj.generate;

import org.jspecify.annotations.NullMarked;
