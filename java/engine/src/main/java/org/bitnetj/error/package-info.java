/** The errors that users of the engine meet. Each message is a sentence for a person. */
@NullMarked
package org.bitnetj.error;

import org.jspecify.annotations.NullMarked;
