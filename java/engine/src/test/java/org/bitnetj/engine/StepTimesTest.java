package org.bitnetj.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class StepTimesTest {
  private final StepTimes times = new StepTimes(32);

  @Test
  void nothingIsDraftedBeforeAStepIsMeasured() {
    assertEquals(0, times.drafts(0, 7, 1, 1));
    times.note(1, 1000);
    assertEquals(0, times.drafts(4, 7, 1, 1), "five rows have not been measured");
  }

  @Test
  void unknownNumbersOfRowsAreTriedWhereDraftsAreOftenRight() {
    times.note(1, 1000);
    assertEquals(7, times.drafts(0, 7, 0.9, 0.9));
    assertEquals(3, times.drafts(0, 6, 0.9, 0.9));
    assertEquals(1, times.drafts(0, 2, 0.9, 0.9));
    assertEquals(0, times.drafts(0, 7, 0.05, 0.9));
  }

  @Test
  void rowsThatCostAsMuchAsStepsAreNotDrafted() {
    times.note(1, 1000);
    times.note(2, 2000);
    assertEquals(0, times.drafts(0, 7, 0.9, 0.9), "4 and 8 rows lie on the same line");
  }

  @Test
  void betweenKnownNumbersOfRowsTimesLieOnALine() {
    times.note(1, 1000);
    times.note(8, 8000);
    assertEquals(0, times.drafts(0, 3, 0.9, 0.9));
    StepTimes cheap = new StepTimes(32);
    cheap.note(1, 1000);
    cheap.note(8, 1300);
    assertEquals(3, cheap.drafts(0, 3, 0.9, 0.9));
  }

  @Test
  void theOthersInTheStepCountToo() {
    times.note(16, 10_000);
    times.note(17, 11_500); // a tenth of the step's tokens costs more than it gives
    assertEquals(0, times.drafts(15, 1, 1, 1));
    times.note(1, 1000);
    times.note(2, 1150);
    assertEquals(1, times.drafts(0, 1, 1, 1), "alone the same rise would pay");
  }

  @Test
  void aStepHasNoMoreRowsThanItHolds() {
    times.note(31, 10_000);
    assertEquals(1, times.drafts(30, 7, 1, 1));
    times.note(32, 10_000);
    assertEquals(0, times.drafts(31, 7, 1, 1));
  }

  @Test
  void oneSlowStepIsForgotten() {
    times.note(1, 1000);
    times.note(2, 100_000); // the machine was busy
    assertEquals(0, times.drafts(0, 1, 0.9, 0.9));
    int steps = 0;
    while (times.drafts(0, 1, 0.9, 0.9) == 0 && steps < 100_000) {
      times.note(1, 1000);
      steps++;
    }
    assertTrue(steps > 1000 && steps < 10_000, steps + " steps");
  }
}
