/**
 * Random models of real and made-up shapes, for measuring speed and memory and for tests. They
 * compute nothing of sense, but load and run like the real ones.
 */
@NullMarked
package org.bitnetj.synth;

import org.jspecify.annotations.NullMarked;
