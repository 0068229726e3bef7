/**
 * The arithmetic of the forward pass: the {@link org.bitnetj.kernel.Kernels} interface, the
 * operands it computes on, and the threads it runs on. Implementations live one package below, one
 * for each way to compute: {@code scalar} (the specification) and {@code ffi} (C).
 */
@NullMarked
package org.bitnetj.kernel;

import org.jspecify.annotations.NullMarked;
