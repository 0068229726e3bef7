package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bitnetj.kernel.ffi.NativeLibrary;
import org.junit.jupiter.api.Test;

class BenchmarkRunTest {
  /** Also where the classes are not in a jar, which tests run on. */
  @Test
  void aRunHasTheVersionTheCommitAndTheCompilerOfTheBuild() {
    Build build = BenchmarkRun.now(3, "bitnet bench").build();
    assertEquals(System.getProperty("bitnet.version"), build.version());
    assertTrue(build.commit().matches("unknown|[0-9a-f]{12,40}(-dirty)?"), build.commit());
    assertEquals(
        NativeLibrary.status() instanceof NativeLibrary.Loaded loaded ? loaded.compiler() : "none",
        build.compiler());
  }

  @Test
  void aBuildIsSaidInOneLine() {
    assertEquals(
        "1.2, commit abc, native kernels by gcc 14.2.0",
        new Build("1.2", "abc", "gcc 14.2.0").toString());
    assertEquals(
        "1.2, commit unknown, no native kernels", new Build("1.2", "unknown", "none").toString());
  }
}
