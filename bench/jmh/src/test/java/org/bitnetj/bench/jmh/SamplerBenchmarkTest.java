package org.bitnetj.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SamplerBenchmarkTest {
  private static final int VOCABULARY = 4096;

  @ParameterizedTest
  @EnumSource
  void choosesAmongTheTokensItMay(SamplerBenchmark.Choice choice) {
    SamplerBenchmark benchmark = new SamplerBenchmark();
    benchmark.choice = choice;
    benchmark.vocabulary = VOCABULARY;
    benchmark.allocate();
    List<Integer> ranked =
        IntStream.range(0, VOCABULARY)
            .boxed()
            .sorted(Comparator.comparing((Integer token) -> -benchmark.logit(token)))
            .toList();
    int most =
        switch (choice) {
          case GREEDY -> 1;
          case TOP_40 -> 40;
          case PENALTIES, ALL_TOKENS -> VOCABULARY;
        };
    for (int i = 0; i < 50; i++) {
      int token = benchmark.sample();
      assertTrue(ranked.indexOf(token) < most, choice + " chose rank " + ranked.indexOf(token));
    }
    assertEquals(VOCABULARY, ranked.size());
    benchmark.release();
  }
}
