/**
 * Random models of real and made-up shapes, for measuring speed and memory and for tests. They
 * compute nothing meaningful, but load and run like real ones.
 */
@NullMarked
package org.bitnetj.synth;

import org.jspecify.annotations.NullMarked;
