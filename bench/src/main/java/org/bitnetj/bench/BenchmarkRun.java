package org.bitnetj.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * When and with what something was measured.
 *
 * @param version of bitnet.java
 * @param start when measuring began
 * @param rounds how often everything was timed
 */
public record BenchmarkRun(String version, Instant start, int rounds) {
  /** One that starts now, with the version of this build. */
  static BenchmarkRun now(int rounds) {
    return new BenchmarkRun(projectVersion(), Instant.now(), rounds);
  }

  /** The version that the build wrote into the resource {@code version}. */
  public static String projectVersion() {
    try (InputStream in = BenchmarkRun.class.getResourceAsStream("version")) {
      if (in == null) {
        throw new IllegalStateException(
            "org/bitnetj/bench/version is missing from the class path; build with Maven.");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
