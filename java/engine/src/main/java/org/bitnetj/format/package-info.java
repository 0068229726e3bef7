/**
 * How weights are stored: the types that a model file holds, each a class that knows its bytes and
 * its numbers, and the panels that kernels multiply. Adding a stored type is one class, a line in
 * {@link org.bitnetj.format.WeightFormats} and a test. Formats and layouts do not hold matrix data;
 * all are immutable and thread-safe.
 */
@NullMarked
package org.bitnetj.format;

import org.jspecify.annotations.NullMarked;
