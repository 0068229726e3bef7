/** The errors that users of the engine see. Each message is a sentence for people. */
@NullMarked
package org.bitnetj.error;

import org.jspecify.annotations.NullMarked;
