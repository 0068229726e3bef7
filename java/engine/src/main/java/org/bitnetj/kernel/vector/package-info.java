/**
 * The kernels on the Java Vector API, at 128, 256 or 512 bits: the portable fast ones, for machines
 * without native kernels. Everything that uses {@code jdk.incubator.vector} is in this package, and
 * outside this package only {@link VectorTier} may be named, so that nothing of it is loaded
 * without that module.
 *
 * <p>A vector costs nothing as long as the JIT compiler knows its class, and is an object on the
 * heap where it does not, which is many times slower. The compiler knows the class of what an
 * operation of the Vector API returns. In two cases it must guess from a profile of earlier calls,
 * which may be missing. They therefore do not occur here:
 *
 * <ul>
 *   <li>No vector, mask or shuffle is a parameter or a result of a method, because methods are not
 *       always inlined. Arrays carry them from method to method.
 *   <li>What a loop carries from one iteration to the next is an argument, never the receiver, of
 *       the operation that makes its next value: {@code sum = x.add(sum)}, not {@code sum.add(x)}.
 * </ul>
 */
@NullMarked
package org.bitnetj.kernel.vector;

import org.jspecify.annotations.NullMarked;
