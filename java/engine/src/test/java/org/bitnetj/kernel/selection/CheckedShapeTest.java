package org.bitnetj.kernel.selection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bitnetj.kernel.HeadSketch;
import org.bitnetj.kernel.TernaryMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The long shape has the numbers of panels and of tokens that its comment says. */
class CheckedShapeTest {
  /** As {@code bn_ternary_product_by} divides tokens among groups. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4, 5, 6, 8})
  void itsNumbersOfTokensComeToGroupsOfEverySize(int most) {
    Set<Integer> sizes = new TreeSet<>();
    for (int count : CheckedShape.LONG.counts) {
      int groups = (count + most - 1) / most;
      for (int g = 0; g < groups; g++) {
        sizes.add(count * (g + 1) / groups - count * g / groups);
      }
    }
    assertEquals(IntStream.rangeClosed(1, most).boxed().collect(Collectors.toSet()), sizes);
  }

  @Test
  void itsPanelsFillStreamsOfSeveralAndLeaveOne() {
    int matrix = (CheckedShape.LONG.rows - 1) / TernaryMatrix.PANEL_ROWS;
    int head = (CheckedShape.LONG.vocabulary - 1) / HeadSketch.PANEL_ROWS;
    for (int panels : new int[] {matrix, head}) { // after the first
      for (int streams : new int[] {2, 4}) {
        assertTrue(panels / streams > 1 && panels % streams == 1, panels + " in " + streams);
      }
    }
    assertTrue(head > 32);
  }
}
