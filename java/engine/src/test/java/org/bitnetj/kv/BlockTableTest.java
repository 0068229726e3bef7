package org.bitnetj.kv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.bitnetj.error.KvCacheFullException;
import org.bitnetj.tensor.AttentionLayer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Sequences share blocks of equal beginnings and never see each other's changes. */
class BlockTableTest {
  private static final KvShape SHAPE = new KvShape(2, 2, 2, 4, AttentionLayer.Type.F32);

  private final BlockPool pool = new BlockPool(SHAPE, new float[] {0.5f, 0.5f}, 64L << 20);

  @AfterEach
  void close() {
    pool.close();
  }

  /** Tokens that all differ from those of other seeds. */
  private static int[] text(int seed, int length) {
    return IntStream.range(0, length).map(i -> 100_000 * seed + i).toArray();
  }

  private static int[] joined(int[] first, int[] second) {
    return IntStream.concat(IntStream.of(first), IntStream.of(second)).toArray();
  }

  /** Computes the rest of a text: stores for each position a value that its prefix decides. */
  private static void compute(BlockTable table, int[] ids) {
    int from = table.length();
    table.append(ids, from, ids.length);
    for (int p = from; p < ids.length; p++) {
      store(table, p, value(ids, p));
    }
    table.extend(ids.length - from);
  }

  private static float value(int[] ids, int position) {
    int hash = 1;
    for (int i = 0; i <= position; i++) {
      hash = 31 * hash + ids[i];
    }
    return hash >>> 8;
  }

  private static void store(BlockTable table, int position, float value) {
    eachElement(
        table,
        position,
        (segment, index) -> segment.setAtIndex(ValueLayout.JAVA_FLOAT, index, value + index % 4));
  }

  private interface Element {
    void at(java.lang.foreign.MemorySegment segment, long index);
  }

  private static void eachElement(BlockTable table, int position, Element element) {
    int block = table.blocks().getAtIndex(ValueLayout.JAVA_INT, position / BlockPool.POSITIONS);
    for (int l = 0; l < SHAPE.layers(); l++) {
      AttentionLayer layer = table.pool().layer(l);
      for (int head = 0; head < SHAPE.kvHeads(); head++) {
        for (int d = 0; d < SHAPE.headDim(); d++) {
          long at = layer.offset(block, head, position % BlockPool.POSITIONS) + d;
          element.at(layer.keys(), at);
          element.at(layer.values(), at);
        }
      }
    }
  }

  /** The sequence holds exactly this text, with the keys and values that belong to it. */
  private static void holds(BlockTable table, int[] ids) {
    assertEquals(ids.length, table.length());
    for (int p = 0; p < ids.length; p++) {
      assertEquals(ids[p], table.token(p), "token " + p);
      float value = value(ids, p);
      int position = p;
      eachElement(
          table,
          p,
          (segment, index) ->
              assertEquals(
                  value + index % 4,
                  segment.getAtIndex(ValueLayout.JAVA_FLOAT, index),
                  "position " + position + ", element " + index));
    }
  }

  @Test
  void elementsOfAllPositionsLieApart() {
    BlockTable table = pool.newTable(600);
    compute(table, text(1, 600));
    holds(table, text(1, 600));
    assertEquals(3, pool.usedBlocks());
  }

  @Test
  void anEqualBeginningIsSharedByWholeBlocksAndItsRestCopied() {
    int[] text = text(1, 700);
    BlockTable first = pool.newTable(1000);
    compute(first, text);
    BlockTable second = pool.newTable(1000);
    assertEquals(650, second.adopt(text, 650));
    assertEquals(4, pool.usedBlocks(), "two shared, the third block twice");
    int[] other = joined(text(1, 650), text(2, 100));
    compute(second, other);
    holds(second, other);
    holds(first, text);
  }

  @Test
  void whatDivergesInsideABlockIsNotShared() {
    int[] text = text(1, 256);
    compute(pool.newTable(300), text);
    BlockTable second = pool.newTable(300);
    int[] other = joined(text(1, 100), text(2, 100));
    assertEquals(100, second.adopt(other, 200));
    compute(second, other);
    holds(second, other);
  }

  @Test
  void memoryGoesBackWhenTheLastUserLeaves() {
    BlockTable first = pool.newTable(1000);
    compute(first, text(1, 512));
    BlockTable second = pool.newTable(1000);
    second.adopt(text(1, 512), 512);
    first.truncate(0);
    assertEquals(2, pool.usedBlocks());
    holds(second, text(1, 512));
    second.truncate(0);
    assertEquals(0, pool.usedBlocks());
    assertEquals(0, pool.newTable(1000).adopt(text(1, 512), 512), "nothing is left to share");
  }

  @Test
  void writingBehindACutLeavesTheOthersAsTheyWere() {
    BlockTable first = pool.newTable(1000);
    compute(first, text(1, 512));
    BlockTable second = pool.newTable(1000);
    second.adopt(text(1, 512), 512);
    second.truncate(300);
    int[] other = joined(text(1, 300), text(3, 300));
    compute(second, other);
    holds(second, other);
    holds(first, text(1, 512));
  }

  @Test
  void equalTextsComputedAtTheSameTimeTakeMemoryOnce() {
    BlockTable first = pool.newTable(1000);
    BlockTable second = pool.newTable(1000);
    first.append(text(1, 600), 0, 600);
    second.append(text(1, 600), 0, 600);
    for (BlockTable table : List.of(first, second)) {
      for (int p = 0; p < 600; p++) {
        store(table, p, value(text(1, 600), p));
      }
    }
    first.extend(600);
    second.extend(600);
    assertEquals(4, pool.usedBlocks(), "two whole blocks once, the last one for each");
    holds(first, text(1, 600));
    holds(second, text(1, 600));
    int[] longer = joined(text(1, 600), text(4, 10));
    compute(second, longer);
    holds(second, longer);
    holds(first, text(1, 600));
  }

  @Test
  void aFailedStepLeavesTheSequenceAsItWas() {
    BlockTable table = pool.newTable(1000);
    compute(table, text(1, 300));
    table.append(text(2, 900), 300, 900);
    holds(table, text(1, 300));
    int[] other = joined(text(1, 300), text(5, 50));
    compute(table, other);
    holds(table, other);
  }

  @Test
  void aFullPoolSaysSoAndChangesNothing() {
    try (BlockPool small = new BlockPool(SHAPE, new float[] {1, 1}, 1)) {
      BlockTable table = small.newTable(1000);
      compute(table, text(1, 200));
      KvCacheFullException e =
          assertThrows(KvCacheFullException.class, () -> table.append(text(1, 300), 200, 300));
      assertTrue(e.getMessage().startsWith("the KV cache is full"), e.getMessage());
      holds(table, text(1, 200));
      assertEquals(1, small.usedBlocks());
      int[] fits = joined(text(1, 200), text(1, 56));
      compute(table, fits);
      holds(table, fits);
    }
  }

  @Test
  void tokensBeyondTheContextAreRefused() {
    BlockTable table = pool.newTable(10);
    assertThrows(IllegalArgumentException.class, () -> table.append(text(1, 11), 0, 11));
    assertThrows(IllegalArgumentException.class, () -> pool.newTable(0));
    assertThrows(IllegalArgumentException.class, () -> table.truncate(1));
    assertThrows(IllegalArgumentException.class, () -> table.extend(1));
  }

  /** Random texts of few tokens, so that they share much, on many sequences that come and go. */
  @Test
  void anyOrderOfCallsKeepsEverySequencesText() {
    anyOrderOfCallsKeepsEverySequencesText(pool, 11);
    assertEquals(0, pool.idleBlocks());
  }

  /** Room for 20 kept blocks at first, for 4 when all sequences are long. */
  @Test
  void anyOrderOfCallsKeepsEverySequencesTextWhereTextsAreKept() {
    for (int seed = 0; seed < 8; seed++) {
      KvBudget budget = new KvBudget(34 * pool.blockBytes(), 20 * pool.blockBytes());
      try (BlockPool keeping = new BlockPool(SHAPE, new float[2], 1L << 24, budget)) {
        anyOrderOfCallsKeepsEverySequencesText(keeping, seed);
        assertEquals(20, keeping.idleBlocks());
      }
    }
  }

  private static void anyOrderOfCallsKeepsEverySequencesText(BlockPool pool, int seed) {
    Random random = new Random(seed);
    List<BlockTable> tables = new ArrayList<>();
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      tables.add(pool.newTable(1200));
      texts.add(new int[0]);
    }
    int shared = 0;
    for (int round = 0; round < 400; round++) {
      int i = random.nextInt(6);
      BlockTable table = tables.get(i);
      int[] base = texts.get(random.nextInt(6));
      int kept = random.nextInt(base.length + 1);
      int[] text =
          IntStream.concat(
                  IntStream.of(base).limit(kept),
                  random.ints(random.nextInt(2) * random.nextInt(1200 - kept), 0, 2))
              .toArray();
      int most = random.nextInt(text.length + 1);
      switch (random.nextInt(4)) {
        case 0 -> {
          table.truncate(random.nextInt(table.length() + 1));
          int[] rest = new int[table.length()];
          System.arraycopy(texts.get(i), 0, rest, 0, rest.length);
          texts.set(i, rest);
        }
        default -> {
          int own = table.length();
          int adopted = table.adopt(text, most);
          assertTrue(adopted <= most);
          shared += adopted > own ? 1 : 0;
          compute(table, text);
          texts.set(i, text);
        }
      }
      holds(table, texts.get(i));
      if (round % 20 == 0) {
        for (int t = 0; t < 6; t++) {
          holds(tables.get(t), texts.get(t));
        }
      }
    }
    assertNotEquals(0, shared);
    tables.forEach(t -> t.truncate(0));
    assertEquals(0, pool.usedBlocks());
  }

  private BlockPool keeping(int blocks, int idle) {
    return new BlockPool(
        SHAPE,
        new float[2],
        1L << 24,
        new KvBudget(blocks * pool.blockBytes(), idle * pool.blockBytes()));
  }

  @Test
  void aTextIsFoundAfterItsSequenceHasLeft() {
    try (BlockPool keeping = keeping(8, 4)) {
      int[] text = text(1, 700);
      BlockTable first = keeping.newTable(1024);
      compute(first, text);
      first.truncate(0);
      assertEquals(0, keeping.usedBlocks());
      assertEquals(3, keeping.idleBlocks());
      BlockTable second = keeping.newTable(1024);
      assertEquals(700, second.adopt(text, 700));
      holds(second, text);
      assertEquals(3, keeping.usedBlocks());
      assertEquals(0, keeping.idleBlocks(), "taken over, the last one too");
    }
  }

  @Test
  void aPartOfAKeptTextIsCopiedAndTheTextStays() {
    try (BlockPool keeping = keeping(8, 4)) {
      int[] text = text(1, 200);
      BlockTable first = keeping.newTable(1024);
      compute(first, text);
      first.truncate(0);
      BlockTable second = keeping.newTable(1024);
      assertEquals(150, second.adopt(joined(text(1, 150), text(2, 10)), 160));
      assertEquals(1, keeping.idleBlocks());
      BlockTable third = keeping.newTable(1024);
      assertEquals(200, third.adopt(text, 200));
      holds(third, text);
    }
  }

  @Test
  void theTextUsedLeastRecentlyIsForgottenFirst() {
    try (BlockPool keeping = keeping(3, 3)) {
      BlockTable table = keeping.newTable(1024);
      for (int text : new int[] {1, 2, 3}) {
        table.adopt(text(text, 256), 256);
        compute(table, text(text, 256));
        table.truncate(0);
      }
      assertEquals(256, table.adopt(text(1, 256), 256));
      table.truncate(0);
      table.append(text(4, 300), 0, 300); // takes two of the three blocks
      assertEquals(1, keeping.idleBlocks());
      BlockTable other = keeping.newTable(1024);
      assertEquals(0, other.adopt(text(2, 256), 256));
      assertEquals(0, other.adopt(text(3, 256), 256));
      assertEquals(256, other.adopt(text(1, 256), 256));
    }
  }

  @Test
  void memoryThatSequencesNeedIsNotKept() {
    try (BlockPool keeping = keeping(4, 4)) {
      BlockTable table = keeping.newTable(1024);
      compute(table, text(1, 1024));
      table.truncate(0);
      assertEquals(4, keeping.idleBlocks());
      compute(table, text(2, 1024));
      holds(table, text(2, 1024));
      assertEquals(0, keeping.idleBlocks());
      BlockTable other = keeping.newTable(1024);
      assertThrows(KvCacheFullException.class, () -> other.append(text(3, 1), 0, 1));
    }
  }

  /** As two requests with one long prompt do that come together. */
  @Test
  void equalTextsComputedTogetherAreKeptOnceAndFoundWhole() {
    try (BlockPool keeping = keeping(12, 12)) {
      BlockTable first = keeping.newTable(1024);
      BlockTable second = keeping.newTable(1024);
      int[] text = text(1, 700);
      for (int to : new int[] {256, 512, 700}) {
        int[] part = IntStream.of(text).limit(to).toArray();
        compute(first, part);
        compute(second, part);
      }
      first.truncate(0);
      second.truncate(0);
      assertEquals(4, keeping.idleBlocks(), "two full ones, and the last one of each");
      BlockTable third = keeping.newTable(1024);
      assertEquals(700, third.adopt(text, 700));
      holds(third, text);
    }
  }

  /** The first block is written anew, so nothing may be found behind it. */
  @Test
  void whatFollowedATextThatIsOverwrittenIsForgotten() {
    try (BlockPool keeping = keeping(8, 8)) {
      int[] longer = text(1, 600);
      BlockTable table = keeping.newTable(1024);
      compute(table, longer);
      table.truncate(100);
      assertEquals(2, keeping.idleBlocks());
      int[] changed = joined(text(1, 100), text(2, 156));
      compute(table, changed);
      assertEquals(0, keeping.idleBlocks());
      int[] mixed = joined(changed, IntStream.of(longer).skip(256).toArray());
      BlockTable other = keeping.newTable(1024);
      assertEquals(256, other.adopt(mixed, 600));
      holds(other, changed);
    }
  }

  @Test
  void poolsThatShareABudgetGiveUpEachOthersKeptTexts() {
    KvBudget budget = new KvBudget(3 * pool.blockBytes(), 3 * pool.blockBytes());
    try (BlockPool first = new BlockPool(SHAPE, new float[2], 1L << 24, budget);
        BlockPool second = new BlockPool(SHAPE, new float[2], 1L << 24, budget)) {
      BlockTable a = first.newTable(1024);
      compute(a, text(1, 700));
      a.truncate(0);
      BlockTable b = second.newTable(1024);
      compute(b, text(2, 500));
      holds(b, text(2, 500));
      assertEquals(1, first.idleBlocks());
    }
  }

  @Test
  void adoptKeepsWhatTheSequenceHadItself() {
    BlockTable table = pool.newTable(600);
    compute(table, text(1, 500));
    assertEquals(400, table.adopt(text(1, 500), 400));
    assertArrayEquals(text(1, 400), IntStream.range(0, 400).map(table::token).toArray());
    assertEquals(500, table.adopt(text(1, 500), 500), "what was cut is still there");
    holds(table, text(1, 500));
  }

  /** Blocks of 20 MiB: of five that are freed the last three keep their memory. */
  @Test
  void atMost64MiBOfFreeBlocksKeepTheirMemory() {
    KvShape shape = new KvShape(10, 8, 8, 256, AttentionLayer.Type.F16);
    try (BlockPool large = new BlockPool(shape, new float[10], 1L << 30)) {
      BlockTable table = large.newTable(5 * BlockPool.POSITIONS);
      table.append(text(1, 5 * BlockPool.POSITIONS), 0, 5 * BlockPool.POSITIONS);
      table.extend(5 * BlockPool.POSITIONS);
      int[] tokens = IntStream.range(0, 5).map(i -> large.token(i, 7)).toArray();
      table.truncate(0); // the last block first
      for (int block = 0; block < 5; block++) {
        assertEquals(block < 3 ? tokens[block] : 0, large.token(block, 7), "block " + block);
      }
      table.append(text(2, BlockPool.POSITIONS), 0, BlockPool.POSITIONS);
      assertEquals(text(2, 8)[7], large.token(0, 7), "the last one freed is the next one taken");
    }
  }

  /** A prefix that is found saves computing, but needs no memory that is not there. */
  @Test
  void aFoundPrefixNeverFailsForWantOfABlock() {
    try (BlockPool two = new BlockPool(SHAPE, new float[2], 2 * pool.blockBytes())) {
      BlockTable first = two.newTable(256);
      BlockTable second = two.newTable(256);
      int[] text = text(1, 200);
      compute(first, text);
      compute(second, joined(text(1, 10), text(2, 100)));
      assertEquals(200, second.adopt(text, 200), "copied into the block it has");
      holds(second, text);
      second.truncate(0);
      BlockTable third = two.newTable(256);
      compute(third, text(3, 20));
      assertEquals(0, second.adopt(text, 200), "no block is left for a copy");
      third.truncate(0);
      assertEquals(200, second.adopt(text, 200));
      holds(second, text);
    }
  }

  @Test
  void poolsThatShareABudgetTakeNoMoreTogether() {
    KvBudget budget = new KvBudget(3 * pool.blockBytes());
    try (BlockPool first = new BlockPool(SHAPE, new float[2], 1L << 24, budget);
        BlockPool second = new BlockPool(SHAPE, new float[2], 1L << 24, budget)) {
      BlockTable a = first.newTable(1024);
      BlockTable b = second.newTable(1024);
      compute(a, text(1, 500));
      compute(b, text(2, 200));
      assertThrows(KvCacheFullException.class, () -> b.append(text(2, 300), 200, 300));
      a.truncate(100);
      compute(b, text(2, 300));
      holds(b, text(2, 300));
    }
  }
}
