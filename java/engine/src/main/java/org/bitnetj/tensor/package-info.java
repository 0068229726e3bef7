/**
 * What kernels compute on: matrices of weights and rows of activations as plain segments with
 * shapes, strides and layouts. Knows no kernel and no C.
 */
@NullMarked
package org.bitnetj.tensor;

import org.jspecify.annotations.NullMarked;
