/**
 * The kernels on the Java Vector API, at 128, 256 or 512 bits: the portable fast ones, for machines
 * without native kernels. Everything that uses {@code jdk.incubator.vector} stands here, and
 * outside this package only {@link VectorTier} may be named, so that nothing of it is loaded where
 * that module is not.
 */
@NullMarked
package org.bitnetj.kernel.vector;

import org.jspecify.annotations.NullMarked;
