package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class BenchmarkRunTest {
  /** Also where the classes are not in a jar, which tests run on. */
  @Test
  void aRunHasTheVersionOfTheBuild() {
    assertEquals(System.getProperty("bitnet.version"), BenchmarkRun.now(3).version());
  }
}
