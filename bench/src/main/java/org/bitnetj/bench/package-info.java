/**
 * Measuring: how fast a model and the kernels are on this machine, and how fast they could be. What
 * measures knows nothing of command lines; what it returns says what it was measured on.
 */
@NullMarked
package org.bitnetj.bench;

import org.jspecify.annotations.NullMarked;
