package org.bitnetj.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ConstraintBenchmarkTest {
  @ParameterizedTest
  @EnumSource
  void theDocumentIsAllowedToItsEnd(ConstraintBenchmark.Held held) throws IOException {
    ConstraintBenchmark benchmark = new ConstraintBenchmark();
    benchmark.held = held;
    benchmark.vocabulary = TokenizerWorkload.SHIPPED;
    benchmark.open();
    for (int i = 0; i < 2 * benchmark.documentLength() + 2; i++) {
      benchmark.goOn();
      assertTrue(benchmark.masksAllowTheDocument(), "mask " + i);
    }
  }
}
