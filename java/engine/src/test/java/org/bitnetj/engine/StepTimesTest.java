package org.bitnetj.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class StepTimesTest {
  private final StepTimes times = new StepTimes(32);

  @Test
  void nothingIsDraftedBeforeAStepIsMeasured() {
    assertEquals(0, times.drafts(1, 7, 1, 1));
    times.note(1, 1000);
    assertEquals(0, times.drafts(5, 7, 1, 1), "five rows have not been measured");
  }

  @Test
  void unknownNumbersOfRowsAreTriedWhereDraftsAreOftenRight() {
    times.note(1, 1000);
    assertEquals(7, times.drafts(1, 7, 0.9, 0.9));
    assertEquals(3, times.drafts(1, 6, 0.9, 0.9));
    assertEquals(1, times.drafts(1, 2, 0.9, 0.9));
    assertEquals(0, times.drafts(1, 7, 0.05, 0.9));
  }

  @Test
  void rowsThatCostAsMuchAsStepsAreNotDrafted() {
    times.note(1, 1000);
    times.note(2, 2000);
    assertEquals(0, times.drafts(1, 7, 0.9, 0.9), "4 and 8 rows lie on the same line");
  }

  @Test
  void betweenKnownNumbersOfRowsTimesLieOnALine() {
    times.note(1, 1000);
    times.note(8, 8000);
    assertEquals(0, times.drafts(1, 3, 0.9, 0.9));
    StepTimes cheap = new StepTimes(32);
    cheap.note(1, 1000);
    cheap.note(8, 1300);
    assertEquals(3, cheap.drafts(1, 3, 0.9, 0.9));
  }

  @Test
  void theOthersInTheStepAreThoughtToDraftAsMuch() {
    times.note(4, 1000);
    times.note(5, 1100);
    times.note(8, 2100); // one draft alone would pay, four together do not
    assertEquals(0, times.drafts(4, 1, 1, 1));
    StepTimes cheap = new StepTimes(32);
    cheap.note(4, 1000);
    cheap.note(8, 1800);
    assertEquals(1, cheap.drafts(4, 1, 1, 1));
  }

  @Test
  void aStepHasRoomForTheDraftsOfAll() {
    times.note(8, 10_000);
    assertEquals(3, times.drafts(8, 7, 1, 1));
    times.note(16, 10_000);
    assertEquals(1, times.drafts(16, 7, 1, 1));
    times.note(17, 10_000);
    assertEquals(0, times.drafts(17, 7, 1, 1));
  }

  @Test
  void oneSlowStepIsForgotten() {
    times.note(1, 1000);
    times.note(2, 100_000); // the machine was busy
    assertEquals(0, times.drafts(1, 1, 0.9, 0.9));
    int steps = 0;
    while (times.drafts(1, 1, 0.9, 0.9) == 0 && steps < 100_000) {
      times.note(1, 1000);
      steps++;
    }
    assertTrue(steps > 1000 && steps < 10_000, steps + " steps");
  }
}
