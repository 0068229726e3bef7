/**
 * A model's weights as the kernels want them, and the one forward pass that serves every family and
 * every kind of step.
 */
@NullMarked
package org.bitnetj.model;

import org.jspecify.annotations.NullMarked;
