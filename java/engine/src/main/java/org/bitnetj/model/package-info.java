/**
 * A model's weights in the kernels' layouts, and the one forward pass for every family and every
 * kind of step.
 */
@NullMarked
package org.bitnetj.model;

import org.jspecify.annotations.NullMarked;
