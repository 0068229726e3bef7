/**
 * Off-heap memory with one owner: what weights, activations and the KV cache live in; files in
 * memory; and how much memory there is.
 */
@NullMarked
package org.bitnetj.memory;

import org.jspecify.annotations.NullMarked;
