/**
 * Converts models of any container and stored type to GGUF files. {@link
 * org.bitnetj.convert.Conversion} is where to start. Digits of ternary weights are never changed;
 * scales and floats are, where the type that was asked for cannot hold them and the caller did not
 * ask for exact ones.
 */
@NullMarked
package org.bitnetj.convert;

import org.jspecify.annotations.NullMarked;
