/**
 * JMH benchmarks, one class for each thing measured. Each has a test that its tiers compute the
 * same result, so that no number stands for a wrong answer. {@code bench/pom.xml} says how to run
 * them.
 */
@NullMarked
package org.bitnetj.bench;

import org.jspecify.annotations.NullMarked;
