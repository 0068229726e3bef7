/**
 * The kernels on the Java Vector API, at 128, 256 or 512 bits: the portable fast ones, for machines
 * without native kernels. Everything that uses {@code jdk.incubator.vector} stands here, and
 * outside this package only {@link VectorTier} may be named, so that nothing of it is loaded where
 * that module is not.
 *
 * <p>A vector costs nothing as long as the JIT compiler knows its class, and is an object on the
 * heap where it does not, which is many times slower. The class is known of what an operation of
 * the Vector API returns. It must be guessed from a profile of the calls so far, which there may
 * not be, in two cases that therefore do not occur here:
 *
 * <ul>
 *   <li>No vector, mask or shuffle is a parameter or a result of a method, for methods are not
 *       always inlined. Arrays carry them from method to method.
 *   <li>What a loop carries from one turn to the next is an argument, and never the object, of the
 *       operation that makes its next value: {@code sum = x.add(sum)}, not {@code sum.add(x)}.
 * </ul>
 */
@NullMarked
package org.bitnetj.kernel.vector;

import org.jspecify.annotations.NullMarked;
