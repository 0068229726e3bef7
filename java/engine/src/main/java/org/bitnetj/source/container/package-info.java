/** The containers of models that are known, and how to open one. */
@NullMarked
package org.bitnetj.source.container;

import org.jspecify.annotations.NullMarked;
