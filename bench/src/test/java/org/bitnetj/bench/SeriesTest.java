package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SeriesTest {
  @Test
  void summarizesWhatWasAdded() {
    Series odd = new Series().add(9).add(1).add(5);
    assertEquals(3, odd.count());
    assertEquals(5, odd.mean());
    assertEquals(5, odd.median());
    assertEquals(4, odd.deviation());
    assertEquals(1, odd.least());
    assertEquals(9, odd.best());
    assertEquals(7, odd.add(100).median());
  }

  @Test
  void ratiosAreOfValuesTakenTogether() {
    Series upper = new Series().add(1).add(8).add(9);
    Series ratios = upper.over(new Series().add(4).add(2).add(9));
    assertEquals(3, ratios.count());
    assertEquals(1, ratios.median()); // 1/4, 4, 1; of the medians it would be 2
    assertEquals(4, ratios.best());
    assertEquals(0, upper.over(new Series()).count());
    assertThrows(IllegalArgumentException.class, () -> upper.over(new Series().add(1)));
  }

  @Test
  void percentilesAreNearestRanks() {
    Series four = new Series().add(40).add(10).add(30).add(20);
    assertEquals(10, four.percentile(25));
    assertEquals(20, four.percentile(26));
    assertEquals(20, four.percentile(50));
    assertEquals(30, four.percentile(51));
    assertEquals(40, four.percentile(99));
    Series hundred = new Series();
    for (int i = 100; i > 0; i--) {
      hundred.add(i);
    }
    assertEquals(50, hundred.percentile(50));
    assertEquals(99, hundred.percentile(99));
    assertEquals(100, hundred.percentile(100));
    assertEquals(100, hundred.add(101).percentile(99));
    assertTrue(Double.isNaN(new Series().percentile(50)));
  }

  @Test
  void oneValueHasNoDeviationAndNoneHasNoMean() {
    assertEquals(0, new Series().add(3).deviation());
    assertTrue(Double.isNaN(new Series().mean()));
    assertTrue(Double.isNaN(new Series().median()));
    assertTrue(Double.isNaN(new Series().best()));
  }
}
