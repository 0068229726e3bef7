/**
 * Scheduling: sequences submit tokens, and the first thread that finds the model free computes a
 * step for all that wait.
 */
@NullMarked
package org.bitnetj.engine;

import org.jspecify.annotations.NullMarked;
