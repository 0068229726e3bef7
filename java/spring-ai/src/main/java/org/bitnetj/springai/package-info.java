/**
 * Models of the engine as Spring AI's chat and embedding models, in the process that uses them.
 * {@link org.bitnetj.springai.BitNetAutoConfiguration} makes them from the properties {@code
 * bitnet.*}.
 */
@NullMarked
package org.bitnetj.springai;

import org.jspecify.annotations.NullMarked;
