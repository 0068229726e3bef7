/**
 * The KV cache: blocks of 256 positions in one pool, a block table for each sequence, and a prefix
 * tree that finds the beginning of a text in the blocks of others.
 */
@NullMarked
package org.bitnetj.kv;

import org.jspecify.annotations.NullMarked;
