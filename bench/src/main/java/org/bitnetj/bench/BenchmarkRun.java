package org.bitnetj.bench;

import java.time.Instant;
import java.util.Optional;

/**
 * When and with what something was measured.
 *
 * @param version of bitnet.java
 * @param start when measuring began
 * @param rounds how often everything was timed
 */
public record BenchmarkRun(String version, Instant start, int rounds) {
  /** One that starts now, with the version that the build wrote into the jar. */
  static BenchmarkRun now(int rounds) {
    String version = BenchmarkRun.class.getPackage().getImplementationVersion();
    return new BenchmarkRun(
        Optional.ofNullable(version).orElse("(unpackaged)"), Instant.now(), rounds);
  }
}
