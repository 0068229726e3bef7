/** Options of the engine's users that inner packages read too. */
@NullMarked
package org.bitnetj.option;

import org.jspecify.annotations.NullMarked;
