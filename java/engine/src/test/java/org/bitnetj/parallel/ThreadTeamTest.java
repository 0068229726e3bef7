package org.bitnetj.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThreadTeamTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyItemIsDoneExactlyOnceWhateverTheSizes(int threads) {
    Random random = new Random(threads);
    try (ThreadTeam team = new ThreadTeam(threads)) {
      for (int round = 0; round < 20_000; round++) {
        int items = random.nextInt(1 << random.nextInt(11));
        int grain = 1 + random.nextInt(1 << random.nextInt(8));
        checkOneRun(team, items, grain);
      }
    }
  }

  private static void checkOneRun(ThreadTeam team, int items, int grain) {
    AtomicIntegerArray seen = new AtomicIntegerArray(items);
    AtomicReference<String> badRange = new AtomicReference<>();
    boolean whole = items <= grain || team.threads() == 1;
    team.run(
        (begin, end) -> {
          int expected = whole ? items : Math.min(grain, items - begin);
          if (begin % grain != 0 || end - begin != expected) {
            badRange.set(begin + " to " + end);
          }
          for (int i = begin; i < end; i++) {
            seen.incrementAndGet(i);
          }
        },
        items,
        grain);
    assertEquals(null, badRange.get(), () -> items + " items by " + grain);
    for (int i = 0; i < items; i++) {
      int item = i;
      assertEquals(1, seen.get(i), () -> "item " + item + " of " + items + " by " + grain);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 8})
  void noWakeUpIsLostWhenPausesStraddleTheSpinLimit(int threads) {
    Random random = new Random(threads);
    // Workers and caller park at once, or at about the moment when the next phase starts or ends.
    for (long spinNanos : new long[] {0, 2_000, 20_000}) {
      try (ThreadTeam team = new ThreadTeam(threads, spinNanos)) {
        for (int round = 0; round < 2500; round++) {
          pause(random.nextInt(3) == 0 ? 0 : random.nextInt(40_000));
          AtomicInteger done = new AtomicInteger();
          int slow = random.nextInt(20_000);
          team.run(
              (begin, end) -> {
                pause(slow);
                done.addAndGet(end - begin);
              },
              threads + 1,
              1);
          assertEquals(threads + 1, done.get());
        }
      }
    }
  }

  /** Spins or sleeps, as the length has it; not exact. */
  private static void pause(int nanos) {
    long start = System.nanoTime();
    if (nanos % 2 == 0) {
      LockSupport.parkNanos(nanos);
    }
    while (System.nanoTime() - start < nanos) {
      Thread.onSpinWait();
    }
  }

  @Test
  void workersComeBackAfterALongPause() throws InterruptedException {
    try (ThreadTeam team = new ThreadTeam(3)) {
      for (int round = 0; round < 5; round++) {
        Thread.sleep(20);
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        CountDownLatch all = new CountDownLatch(3);
        team.run(
            (begin, end) -> {
              seen.add(Thread.currentThread());
              all.countDown();
              await(all);
            },
            3,
            1);
        assertEquals(3, seen.size(), "each chunk waited for the two others, so three threads ran");
        assertTrue(seen.contains(Thread.currentThread()), "the caller works too");
      }
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS), "a thread of the team never came");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aPhaseEndsWithoutWorkersThatHoldNoChunk() {
    try (ThreadTeam team = new ThreadTeam(2)) {
      CountDownLatch workerIn = new CountDownLatch(1);
      CountDownLatch othersDone = new CountDownLatch(9);
      Thread caller = Thread.currentThread();
      // The worker is held inside its first chunk until all others are done: the caller does them.
      team.run(
          (begin, end) -> {
            if (Thread.currentThread() == caller) {
              await(workerIn);
              othersDone.countDown();
            } else {
              workerIn.countDown();
              await(othersDone);
            }
          },
          10,
          1);
      assertEquals(0, othersDone.getCount());
    }
  }

  /** As slow as can be: it is held in its chunk until everything else is done. */
  @Test
  void aSlowThreadOfAGuidedRunIsLeftWithTheChunkItHolds() {
    int threads = 3;
    int items = 300;
    try (ThreadTeam team = new ThreadTeam(threads)) {
      CountDownLatch slowIn = new CountDownLatch(1);
      CountDownLatch others = new CountDownLatch(1);
      AtomicInteger done = new AtomicInteger();
      AtomicInteger held = new AtomicInteger();
      Thread caller = Thread.currentThread();
      team.runGuided(
          (begin, end) -> {
            if (Thread.currentThread() != caller && held.compareAndSet(0, end - begin)) {
              slowIn.countDown();
              await(others);
            } else {
              await(slowIn);
              if (done.addAndGet(end - begin) == items - held.get()) {
                others.countDown();
              }
            }
          },
          items,
          1,
          4,
          1);
      assertEquals(items - held.get(), done.get());
      assertTrue(held.get() <= items / threads / 2, held + " items of " + items);
    }
  }

  @Test
  void whatTheTasksWroteIsSeenByTheNextPhase() {
    try (ThreadTeam team = new ThreadTeam(4)) {
      int[] values = new int[64];
      for (int round = 0; round < 3000; round++) {
        int[] before = values;
        int[] after = new int[64];
        team.run((begin, end) -> after[begin] = before[63 - begin] + 1, 64, 1);
        values = after;
      }
      for (int value : values) {
        assertEquals(3000, value);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void anExceptionReachesTheCallerAndTheTeamStaysUsable(int threads) {
    try (ThreadTeam team = new ThreadTeam(threads)) {
      Random random = new Random(threads);
      for (int round = 0; round < 1000; round++) {
        int bad = random.nextInt(50);
        RuntimeException thrown = new IllegalArgumentException("item " + bad);
        RuntimeException caught =
            assertThrows(
                RuntimeException.class,
                () ->
                    team.run(
                        (begin, end) -> {
                          if (begin <= bad && bad < end) {
                            throw thrown;
                          }
                        },
                        50,
                        3));
        assertSame(thrown, caught);
        checkOneRun(team, 40, 2);
      }
    }
  }

  @Test
  void theFirstExceptionHoldsTheOthers() {
    try (ThreadTeam team = new ThreadTeam(3)) {
      CountDownLatch all = new CountDownLatch(3);
      AssertionError caught =
          assertThrows(
              AssertionError.class,
              () ->
                  team.run(
                      (begin, end) -> {
                        all.countDown();
                        await(all);
                        throw new AssertionError("chunk " + begin);
                      },
                      3,
                      1));
      Set<String> messages = ConcurrentHashMap.newKeySet();
      messages.add(caught.getMessage());
      List.of(caught.getSuppressed()).forEach(t -> messages.add(t.getMessage()));
      assertEquals(Set.of("chunk 0", "chunk 1", "chunk 2"), messages);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void aTaskCannotUseItsOwnTeam(int threads) {
    try (ThreadTeam team = new ThreadTeam(threads)) {
      for (int items : new int[] {1, 8}) {
        IllegalStateException e =
            assertThrows(
                IllegalStateException.class,
                () -> team.run((begin, end) -> team.run((b, d) -> {}, 8, 1), items, 1));
        assertEquals("a task cannot use the thread team that is running it", e.getMessage());
      }
      checkOneRun(team, 100, 7);
    }
  }

  @Test
  void twoCallersAtOnceAreRefused() throws InterruptedException {
    try (ThreadTeam team = new ThreadTeam(2)) {
      CountDownLatch inside = new CountDownLatch(1);
      CountDownLatch leave = new CountDownLatch(1);
      Thread other =
          new Thread(
              () ->
                  team.run(
                      (begin, end) -> {
                        inside.countDown();
                        await(leave);
                      },
                      1,
                      1),
              "the-other-caller");
      other.start();
      await(inside);
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> team.run((begin, end) -> {}, 4, 1));
      assertTrue(e.getMessage().endsWith("in use by the-other-caller"), e.getMessage());
      assertThrows(IllegalStateException.class, team::close);
      leave.countDown();
      other.join();
      checkOneRun(team, 100, 7);
    }
  }

  @Test
  void closeEndsTheWorkersAndRunThenSaysSo() throws InterruptedException {
    for (long spinNanos : new long[] {0, 50_000_000}) {
      ThreadTeam team = new ThreadTeam(4, spinNanos);
      Set<Thread> workers = ConcurrentHashMap.newKeySet();
      CountDownLatch all = new CountDownLatch(4);
      team.run(
          (begin, end) -> {
            workers.add(Thread.currentThread());
            all.countDown();
            await(all);
          },
          4,
          1);
      workers.remove(Thread.currentThread());
      assertEquals(3, workers.size());
      workers.forEach(w -> assertTrue(w.isDaemon() && w.getName().startsWith("bitnet-worker-")));
      team.close();
      workers.forEach(w -> assertFalse(w.isAlive(), w::getName));
      team.close();
      assertThrows(IllegalStateException.class, () -> team.run((begin, end) -> {}, 4, 1));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void whereAThreadCannotBeStartedTheOthersEnd(int limit) {
    for (long spinNanos : new long[] {0, 50_000_000}) {
      List<Thread> started = new ArrayList<>();
      OutOfMemoryError refusal = new OutOfMemoryError("unable to create native thread");
      ThreadTeam.StartException e =
          assertThrows(
              ThreadTeam.StartException.class,
              () ->
                  new ThreadTeam(
                      5,
                      spinNanos,
                      thread -> {
                        if (started.size() == limit) {
                          throw refusal;
                        }
                        started.add(thread);
                        thread.start();
                      }));
      started.forEach(thread -> assertFalse(thread.isAlive(), thread::getName));
      assertEquals(limit, started.size());
      assertSame(refusal, e.getCause());
      String sentence =
          "Only "
              + (limit + 1)
              + " of 5 threads could be started (unable to create native thread): ask for fewer";
      assertTrue(e.getMessage().startsWith(sentence), e.getMessage());
    }
  }

  @Test
  void anInterruptedCallerStillGetsAllItsItems() {
    try (ThreadTeam team = new ThreadTeam(2, 0)) {
      Thread.currentThread().interrupt();
      for (int round = 0; round < 100; round++) {
        checkOneRun(team, 30, 4);
      }
      assertTrue(Thread.interrupted(), "the interrupt stays set");
    }
  }

  @Test
  void rangesDoNotOverflowNearTheLargestInt() {
    try (ThreadTeam team = new ThreadTeam(2)) {
      AtomicReference<String> bad = new AtomicReference<>();
      AtomicInteger chunks = new AtomicInteger();
      team.run(
          (begin, end) -> {
            chunks.incrementAndGet();
            if (begin < 0 || end <= begin) {
              bad.set(begin + " to " + end);
            }
          },
          Integer.MAX_VALUE,
          Integer.MAX_VALUE / 3);
      assertEquals(null, bad.get());
      assertEquals(4, chunks.get());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 8})
  void aGuidedRunDoesEveryItemOnce(int threads) {
    Random random = new Random(threads);
    try (ThreadTeam team = new ThreadTeam(threads)) {
      for (int round = 0; round < 3_000; round++) {
        int items = random.nextInt(1 << random.nextInt(13));
        AtomicIntegerArray seen = new AtomicIntegerArray(items);
        team.runGuided(
            (begin, end) -> IntStream.range(begin, end).forEach(seen::incrementAndGet),
            items,
            1 + random.nextInt(8),
            8 + random.nextInt(32),
            4);
        assertTrue(IntStream.range(0, items).allMatch(i -> seen.get(i) == 1), seen::toString);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 8})
  void aRunInTwoSizesDoesEveryItemOnce(int threads) {
    Random random = new Random(threads);
    try (ThreadTeam team = new ThreadTeam(threads)) {
      for (int round = 0; round < 3_000; round++) {
        int items = random.nextInt(1 << random.nextInt(13));
        AtomicIntegerArray seen = new AtomicIntegerArray(items);
        team.runInTwoSizes(
            (begin, end) -> IntStream.range(begin, end).forEach(seen::incrementAndGet),
            items,
            1 + random.nextInt(32),
            1 + random.nextInt(8));
        assertTrue(IntStream.range(0, items).allMatch(i -> seen.get(i) == 1), seen::toString);
      }
    }
  }

  @Test
  void badSizesAreRefused() {
    try (ThreadTeam team = new ThreadTeam(2)) {
      assertThrows(IllegalArgumentException.class, () -> team.run((begin, end) -> {}, -1, 1));
      assertThrows(IllegalArgumentException.class, () -> team.run((begin, end) -> {}, 1, 0));
      assertThrows(
          IllegalArgumentException.class, () -> team.runGuided((begin, end) -> {}, 1, 0, 1, 1));
      assertThrows(
          IllegalArgumentException.class, () -> team.runGuided((begin, end) -> {}, 1, 1, 1, 0));
      assertThrows(
          IllegalArgumentException.class, () -> team.runInTwoSizes((begin, end) -> {}, 1, 0, 1));
      assertThrows(
          IllegalArgumentException.class, () -> team.runInTwoSizes((begin, end) -> {}, 1, 1, 0));
      team.run((begin, end) -> assertTrue(false, "no items, no call"), 0, 1);
    }
    assertThrows(IllegalArgumentException.class, () -> new ThreadTeam(0));
  }
}
