/** JSON texts: those of checkpoints, and those of chats. */
@NullMarked
package org.bitnetj.source.json;

import org.jspecify.annotations.NullMarked;
