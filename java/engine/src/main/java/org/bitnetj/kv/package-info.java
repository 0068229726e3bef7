/** The KV cache: what a sequence has seen, per layer and head. */
@NullMarked
package org.bitnetj.kv;

import org.jspecify.annotations.NullMarked;
