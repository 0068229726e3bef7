/**
 * The arithmetic of the forward pass: the {@link org.bitnetj.kernel.Kernels} interface on the
 * operands of {@code tensor}. Implementations live one package below, one for each way to compute:
 * {@code scalar} (the specification), {@code vector} (the Java Vector API) and {@code ffi} (C).
 */
@NullMarked
package org.bitnetj.kernel;

import org.jspecify.annotations.NullMarked;
