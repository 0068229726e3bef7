package org.bitnetj.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DraftingBenchmarkTest {
  @ParameterizedTest
  @EnumSource
  void bothWaysDecodeTheWholeAnswer(DraftingBenchmark.Answer answer) throws Exception {
    DraftingBenchmark.Counts without = decode(answer, false);
    assertEquals(without.tokens, without.steps);
    assertEquals(0, without.drafted);
    DraftingBenchmark.Counts with = decode(answer, true);
    assertEquals(without.tokens, with.tokens);
    assertEquals(with.tokens, with.steps + with.accepted);
    assertTrue(with.accepted <= with.drafted);
  }

  private static DraftingBenchmark.Counts decode(DraftingBenchmark.Answer answer, boolean drafting)
      throws Exception {
    DraftingBenchmark benchmark = new DraftingBenchmark();
    benchmark.answer = answer;
    benchmark.drafting = drafting;
    benchmark.model = TokenizerWorkload.SHIPPED;
    benchmark.vocabulary = TokenizerWorkload.SHIPPED;
    benchmark.threads = 2;
    benchmark.open();
    DraftingBenchmark.Counts counts = new DraftingBenchmark.Counts();
    benchmark.begin();
    benchmark.answer(counts);
    benchmark.close();
    return counts;
  }
}
