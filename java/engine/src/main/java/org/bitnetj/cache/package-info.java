/** Models packed once into the engine's own layouts, kept in the user's cache folder. */
@NullMarked
package org.bitnetj.cache;

import org.jspecify.annotations.NullMarked;
