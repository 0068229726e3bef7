/** Off-heap memory with one owner: what weights, activations and the KV cache live in. */
@NullMarked
package org.bitnetj.memory;

import org.jspecify.annotations.NullMarked;
