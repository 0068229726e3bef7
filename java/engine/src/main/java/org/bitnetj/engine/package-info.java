/**
 * Who computes what next: sequences hand in tokens, and whoever finds the model free computes a
 * step for all that wait.
 */
@NullMarked
package org.bitnetj.engine;

import org.jspecify.annotations.NullMarked;
