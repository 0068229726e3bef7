/** Choices of the engine's users that its inner packages read too. */
@NullMarked
package org.bitnetj.option;

import org.jspecify.annotations.NullMarked;
