/**
 * JMH benchmarks, one class for each thing measured. What they call has a test that its tiers
 * compute the same result, so that no number is of a wrong result. {@code bench/jmh/pom.xml} says
 * how to run them.
 */
@NullMarked
package org.bitnetj.bench.jmh;

import org.jspecify.annotations.NullMarked;
