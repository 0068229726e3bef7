package org.bitnetj.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class RowGroupsTest {
  @Test
  void blocksHave128ColumnsWhereGroupsHave64Or128AndElseAreGroups() {
    assertEquals(new RowGroups(64, 128), RowGroups.ofBlocks(64));
    assertEquals(new RowGroups(128, 128), RowGroups.ofBlocks(128));
    assertEquals(new RowGroups(256, 256), RowGroups.ofBlocks(256));
    assertEquals(new RowGroups(32, 32), RowGroups.ofBlocks(32));
    assertEquals(new RowGroups(64, 0), RowGroups.ofRows(64));
  }

  @Test
  void theLastGroupAndBlockMayBeShort() {
    assertEquals(5, RowGroups.ofBlocks(64).groups(300));
    assertEquals(3, RowGroups.ofBlocks(64).blocks(300));
    assertEquals(1, RowGroups.NONE.groups(300));
    assertEquals(1, RowGroups.NONE.blocks(300));
  }

  @Test
  void cutsThatKernelsDoNotHaveAreRefused() {
    for (int[] cut : new int[][] {{24, 0}, {-64, 0}, {0, 128}, {64, 96}, {64, -64}, {0, -1}}) {
      assertThrows(IllegalArgumentException.class, () -> new RowGroups(cut[0], cut[1]));
    }
  }
}
