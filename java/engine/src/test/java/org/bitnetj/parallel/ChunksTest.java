package org.bitnetj.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChunksTest {
  /** Where the chunks begin, and where the last one ends. */
  private static List<Integer> borders(Chunks chunks) {
    List<Integer> borders = new ArrayList<>(List.of(0));
    for (int i = 0; i < chunks.count(); i++) {
      assertEquals(borders.getLast(), chunks.begin(i));
      int end = chunks.begin(i + 1);
      assertTrue(end > borders.getLast(), "a chunk has items");
      borders.add(end);
    }
    return borders;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 8, 64})
  void guidedChunksCoverAllItems(int threads) {
    Random random = new Random(threads);
    Chunks chunks = new Chunks(threads);
    for (int round = 0; round < 5_000; round++) {
      int items = random.nextInt(1 << random.nextInt(14));
      int most = 1 + random.nextInt(32);
      int least = 1 + random.nextInt(most);
      int multiple = 1 << random.nextInt(3);
      chunks.cutGuided(items, least, most, multiple);
      List<Integer> borders = borders(chunks);
      String what = items + " by " + least + " to " + most + " of " + multiple + ": " + borders;
      assertEquals(items, borders.getLast(), what);
      for (int i = 1; i < borders.size(); i++) {
        int size = borders.get(i) - borders.get(i - 1);
        int left = items - borders.get((i - 1) / threads * threads); // when these began
        assertTrue(size <= Math.max(left / (2 * threads), most + multiple - 1), what);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    // Of 160 each takes 40, of the 80 left 20, of the 40 left 8, and the other 24 are two chunks.
    "2, 160, 6, 12, '0 40 80 100 120 128 136 148 160'",
    "2, 40, 3, 20, '0 20 40'",
    "2, 64, 3, 20, '0 16 32 48 64'",
    "16, 160, 6, 12, '0 10 20 30 40 50 60 70 80 90 100 110 120 130 140 150 160'",
    "2, 0, 3, 6, '0'",
  })
  void guidedChunksHalveWhatIsLeft(int threads, int items, int least, int most, String borders) {
    Chunks chunks = new Chunks(threads);
    chunks.cutGuided(items, least, most, 4);
    List<String> found = borders(chunks).stream().map(String::valueOf).toList();
    assertEquals(borders, String.join(" ", found));
  }

  @ParameterizedTest
  @CsvSource({
    "2, 160, 32, 16, '0 32 64 96 128 144 160'", // ten lines, four pairs of them
    "2, 128, 32, 16, '0 32 64 80 96 112 128'", // two pairs, so that all end at about one time
    "2, 150, 32, 16, '0 32 64 96 128 144 150'",
    "2, 95, 32, 16, '0 32 64 80 95'",
    "2, 79, 32, 16, '0 16 32 48 64 79'",
    "2, 96, 32, 16, '0 32 64 80 96'",
    "3, 7, 2, 1, '0 1 2 3 4 5 6 7'",
    "1, 7, 2, 1, '0 2 4 6 7'",
    "2, 0, 2, 1, '0'",
  })
  void largeChunksComeFirst(int threads, int items, int large, int small, String borders) {
    Chunks chunks = new Chunks(threads);
    chunks.cutInTwoSizes(items, large, small);
    List<String> found = borders(chunks).stream().map(String::valueOf).toList();
    assertEquals(borders, String.join(" ", found));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 6, 8, 16})
  void anEvenGrainLeavesNoThreadMuchMoreToDoThanOthers(int threads) {
    Chunks chunks = new Chunks(threads);
    for (int items = 1; items < 3000; items++) {
      int grain = chunks.evenGrain(items, 6, 25, 4);
      assertTrue(grain >= 6 && grain <= 28, "grain " + grain);
      int busiest = Math.ceilDiv(Math.ceilDiv(items, grain), threads) * grain;
      int rounds = Math.ceilDiv(items, 25 * threads);
      // Rounding up each chunk costs an item a round, a multiple of 4 an eighth.
      double most = 1.125 * Math.max(6, Math.ceilDiv(items, threads) + rounds);
      assertTrue(busiest <= most, items + " items by " + grain + ": " + busiest);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "2, 160, 6, 25, 20", // four chunks for each
    "2, 24, 6, 25, 12",
    "2, 10, 6, 25, 6",
    "2, 0, 1, 25, 4",
    "2, 160, 1, 9, 12", // of 27 KiB each: rounded up, from 9
    "6, 160, 1, 9, 9", // which would be a third more for some
    "16, 160, 1, 9, 5"
  })
  void aGrainIsRoundedUpWhereThatCostsLittle(
      int threads, int items, int least, int most, int grain) {
    assertEquals(grain, new Chunks(threads).evenGrain(items, least, most, 4));
  }

  @Test
  void longChunksAreCountedAsManyAsThereAre() {
    Chunks chunks = new Chunks(2);
    chunks.cutGuided(Integer.MAX_VALUE, 1 << 20, 1 << 22, 4);
    List<Integer> borders = borders(chunks);
    assertEquals(Integer.MAX_VALUE, borders.getLast());
    assertEquals((1 << 29) - 4, borders.get(1)); // a quarter, as a multiple of 4
  }

  /** Hybrid CPUs: half of the threads take twice as long, and the others do more of the work. */
  @ParameterizedTest
  @CsvSource({"4, 864", "8, 864", "16, 864", "16, 240", "16, 8016", "24, 8016", "8, 160"})
  void slowCoresDelayAPhaseByAChunkAtTheEndAtMost(int threads, int items) {
    int most = 25;
    double slow = 0.5;
    Chunks chunks = new Chunks(threads);
    chunks.cutGuided(items, 6, most, 4);
    List<Integer> borders = borders(chunks);
    double[] free = new double[threads]; // when each is; the later half are slow
    for (int i = 1; i < borders.size(); i++) {
      int first = 0;
      for (int t = 1; t < threads; t++) {
        first = free[t] < free[first] ? t : first;
      }
      double speed = first < threads / 2 ? 1 : slow;
      free[first] += (borders.get(i) - borders.get(i - 1)) / speed;
    }
    double end = Arrays.stream(free).max().orElseThrow();
    double ideal = items / (threads / 2 * (1 + slow));
    assertTrue(end <= ideal + (most + 3) / slow, end + " for an ideal of " + ideal);
  }
}
