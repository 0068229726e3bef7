/**
 * Which tokens can be among those that a sampler looks at, found without reading the whole output
 * head, exactly: {@code docs/screening.md} has the bound and its derivation.
 */
@NullMarked
package org.bitnetj.model.screening;

import org.jspecify.annotations.NullMarked;
