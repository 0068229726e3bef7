/**
 * The library's public API: load a {@link org.bitnetj.generate.LanguageModel}, open a {@link
 * org.bitnetj.generate.Session}, stream text. This package connects tokenizer, forward pass, cache
 * and sampler; the computation itself is elsewhere.
 */
@NullMarked
package org.bitnetj.generate;

import org.jspecify.annotations.NullMarked;
