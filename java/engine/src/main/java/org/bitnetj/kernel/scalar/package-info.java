/**
 * The kernels in plain Java: the specification of the engine's arithmetic, written for reading, and
 * the tier that runs where nothing else does. Every other tier must return the same bits.
 */
@NullMarked
package org.bitnetj.kernel.scalar;

import org.jspecify.annotations.NullMarked;
