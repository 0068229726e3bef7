/**
 * The kernels in C: finding, checking and loading the library that holds them, and calling it. Only
 * this package and the one below it (the generated bindings) link to native code of the engine.
 */
@NullMarked
package org.bitnetj.kernel.ffi;

import org.jspecify.annotations.NullMarked;
