/** How work is shared out: a team of threads, and the chunks that it takes. */
@NullMarked
package org.bitnetj.parallel;

import org.jspecify.annotations.NullMarked;
