/** How work is divided: a team of threads, and the chunks that it claims. */
@NullMarked
package org.bitnetj.parallel;

import org.jspecify.annotations.NullMarked;
