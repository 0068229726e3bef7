/**
 * Off-heap memory with one owner, which holds weights, activations and the KV cache; files in
 * memory; and how much memory the machine has.
 */
@NullMarked
package org.bitnetj.memory;

import org.jspecify.annotations.NullMarked;
