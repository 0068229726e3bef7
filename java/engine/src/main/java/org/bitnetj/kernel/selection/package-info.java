/**
 * Which kernels run: finds the tiers of this machine, checks the chosen one against the scalar
 * definition and says what was decided and why. The only package that knows all implementations.
 */
@NullMarked
package org.bitnetj.kernel.selection;

import org.jspecify.annotations.NullMarked;
