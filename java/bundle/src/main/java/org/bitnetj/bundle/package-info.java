/** The last step of a release: what is published, checked by Maven Central's rules and packed. */
@NullMarked
package org.bitnetj.bundle;

import org.jspecify.annotations.NullMarked;
