package org.bitnetj.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PromptPaceTest {
  private final PromptPace pace = new PromptPace();

  @Test
  void promptsHaveTheWholeStepWhereNobodyWaitsForASingleToken() {
    assertEquals(Integer.MAX_VALUE, pace.most(0));
  }

  @Test
  void promptsGetFewRowsBeforeAnythingIsMeasured() {
    assertEquals(8, pace.most(3));
    pace.note(0, 64, 64_000);
    assertEquals(8, pace.most(3), "what a step of single tokens takes is not known");
  }

  @Test
  void theirRowsAddAtMostNineTenthsOfAStepOfSingleTokens() {
    pace.note(0, 64, 64_000); // 1000 a row
    pace.note(4, 0, 40_000);
    assertEquals(36, pace.most(4));
  }

  @Test
  void whatRowsAddToAStepIsLearnedFromMixedSteps() {
    pace.note(4, 0, 40_000);
    pace.note(4, 20, 80_000); // 2000 a row
    assertEquals(18, pace.most(4));
    pace.note(4, 10, 80_000); // 4000 a row: the mean becomes 2500
    assertEquals(14, pace.most(4));
  }

  @Test
  void aSlowRowStillGetsSomewhere() {
    pace.note(1, 0, 1_000);
    pace.note(0, 10, 1_000_000);
    assertEquals(8, pace.most(1));
  }
}
