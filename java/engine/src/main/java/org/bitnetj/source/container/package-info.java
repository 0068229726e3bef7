/** Which containers of models there are, and how to open one. */
@NullMarked
package org.bitnetj.source.container;

import org.jspecify.annotations.NullMarked;
