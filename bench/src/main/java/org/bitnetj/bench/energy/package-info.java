/** What energy something took, where the system counts it. */
@NullMarked
package org.bitnetj.bench.energy;

import org.jspecify.annotations.NullMarked;
