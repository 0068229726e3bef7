package org.bitnetj.kernel.selection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.TernaryMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The shapes have the sizes that their comments say. */
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
    int head = (CheckedShape.LONG.vocabulary - 1) / LowBitMatrix.PANEL_ROWS;
    for (int panels : new int[] {matrix, head}) { // after the first
      for (int streams : new int[] {2, 4}) {
        assertTrue(panels / streams > 1 && panels % streams == 1, panels + " in " + streams);
      }
    }
    assertTrue(head > 32);
  }

  @Test
  void itsTallMatrixDoesNotFitAnyTiersCacheNorItsListOfGates() {
    int panels = (CheckedShape.LONG.tallRows + 15) / TernaryMatrix.PANEL_ROWS;
    int blocks = (CheckedShape.LONG.columns + 15) / 16;
    assertTrue(panels * blocks * 64 > 256 * 1024, panels + " panels");
    assertTrue(CheckedShape.LONG.tallRows > 1024);
    assertTrue(CheckedShape.LONG.counts[CheckedShape.LONG.counts.length - 2] > 8); // in groups
  }

  /** As {@code bn_head_product} takes tokens of a head in blocks, so many kept and together. */
  @ParameterizedTest
  @CsvSource({"18, 6", "18, 3", "15, 3"})
  void itsNumbersOfTokensLeaveEveryNumberBehindTiles(int kept, int together) {
    Set<Integer> left = new TreeSet<>();
    for (int count : CheckedShape.LONG.counts) {
      for (int t = 0; count > 2 && t < count; t += kept) {
        left.add(Math.min(kept, count - t) % together);
      }
    }
    assertEquals(IntStream.range(0, together).boxed().collect(Collectors.toSet()), left);
  }

  @Test
  void itsHeadsGoByEightAndByFourAndLeaveOneTwoAndThree() {
    Set<Integer> left = new TreeSet<>();
    boolean eight = false;
    for (CheckedShape.Heads heads : CheckedShape.LONG.heads) {
      int group = heads.query() / heads.kv();
      left.add(group % 4);
      eight |= group > 8;
    }
    assertEquals(Set.of(1, 2, 3), left);
    assertTrue(eight);
  }

  @ParameterizedTest
  @EnumSource
  void itsLatePositionsAreInTwoChunksOfAttention(CheckedShape shape) {
    assertTrue(shape.context() > AttentionLayer.CHUNK);
    assertTrue(shape.context() < 2 * AttentionLayer.CHUNK);
    assertTrue(shape.columns > 256);
  }
}
