package org.bitnetj.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Phases whose chunks may be computed by several threads. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RepeatableTest {
  private static final int MOST_ITEMS = 2048;

  /** Item i of a phase with factor f becomes i times f; threads may be held before or after. */
  private static class Multiples implements Repeatable {
    private final Attempt[] attempts;
    private final AtomicIntegerArray published = new AtomicIntegerArray(MOST_ITEMS);
    private final long[] results = new long[MOST_ITEMS];
    private int factor;

    Multiples(int threads) {
      attempts = new Attempt[threads];
      Arrays.setAll(attempts, i -> new Own());
    }

    void before(int begin) {}

    void after(int begin) {}

    void taking() {}

    @Override
    public void run(int begin, int end) {
      for (int i = begin; i < end; i++) {
        results[i] = (long) i * factor;
        published.incrementAndGet(i);
      }
    }

    @Override
    public Attempt[] attempts() {
      return attempts;
    }

    private final class Own implements Attempt {
      private final long[] own = new long[MOST_ITEMS];
      private int taken;

      @Override
      public void take() {
        taking();
        taken = factor;
      }

      @Override
      public void compute(int begin, int end) {
        before(begin);
        for (int i = begin; i < end; i++) {
          own[i] = (long) i * taken;
        }
        after(begin);
      }

      @Override
      public void publish(int begin, int end) {
        for (int i = begin; i < end; i++) {
          results[i] = own[i];
          published.incrementAndGet(i);
        }
      }
    }

    /** Runs a phase; every item must have its result, once. */
    void check(ThreadTeam team, int factor, int items, int grain) {
      this.factor = factor;
      for (int i = 0; i < items; i++) {
        results[i] = -1;
        published.set(i, 0);
      }
      team.run(this, items, grain);
      for (int i = 0; i < items; i++) {
        assertEquals((long) i * factor, results[i]);
        assertEquals(1, published.get(i), "published once");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 8})
  void everyItemIsPublishedOnceWhoeverIsLate(int threads) {
    Random random = new Random(threads);
    Multiples multiples =
        new Multiples(threads) {
          @Override
          void before(int begin) {
            pause(begin);
          }

          @Override
          void after(int begin) {
            pause(begin + 1);
          }

          private void pause(int begin) {
            if ((begin * 31 + Thread.currentThread().threadId()) % 5 == 0) {
              Thread.yield();
            }
          }
        };
    // Without spinning, the caller computes again whatever is not done when it has no more to do.
    for (long spinNanos : new long[] {0, 5_000}) {
      try (ThreadTeam team = new ThreadTeam(threads, spinNanos)) {
        for (int round = 1; round <= 4000; round++) {
          int items = random.nextInt(1 << random.nextInt(12));
          multiples.check(team, round, items, 1 + random.nextInt(1 << random.nextInt(7)));
          if (round % 3 == 0) { // phases of the other kind in between
            int[] sum = new int[threads + 1];
            team.run((begin, end) -> sum[begin] += end - begin, threads + 1, 1);
            assertEquals(threads + 1, Arrays.stream(sum).sum());
          }
        }
      }
    }
  }

  /** Holds the first worker that computes a chunk. */
  private static final class HeldWorker extends Multiples {
    private final Thread caller = Thread.currentThread();
    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final RuntimeException late;

    /**
     * @param late what the worker throws in the end; null for nothing
     */
    HeldWorker(int threads, RuntimeException late) {
      super(threads);
      this.late = late;
    }

    @Override
    void before(int begin) {
      if (Thread.currentThread() == caller) {
        await(arrived);
      } else if (arrived.getCount() > 0) {
        arrived.countDown();
        await(goOn);
        if (late != null) {
          throw late;
        }
      }
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS), "nobody came");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void phasesEndWithoutTheThreadThatIsHeldInAChunk() throws InterruptedException {
    try (ThreadTeam team = new ThreadTeam(2)) {
      HeldWorker multiples = new HeldWorker(2, null);
      multiples.check(team, 3, 100, 10); // would not return if the worker's chunk were its alone
      multiples.check(team, 5, 200, 10);
      Thread settles = new Thread(team::settle);
      settles.start();
      settles.join(50);
      assertTrue(settles.isAlive(), "a thread still reads what it took");
      multiples.goOn.countDown();
      settles.join();
      multiples.check(team, 7, 100, 10); // nothing is left of what came late
    }
  }

  @Test
  void whatIsThrownTooLateIsDropped() {
    try (ThreadTeam team = new ThreadTeam(2)) {
      HeldWorker multiples = new HeldWorker(2, new IllegalStateException("late"));
      multiples.check(team, 3, 100, 10);
      multiples.goOn.countDown();
      team.settle();
      multiples.check(team, 5, 100, 10);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void anExceptionReachesTheCallerAndTheTeamStaysUsable(int threads) {
    RuntimeException thrown = new IllegalStateException("chunk 30");
    Multiples fails =
        new Multiples(threads) {
          @Override
          void before(int begin) {
            if (begin == 30) {
              throw thrown;
            }
          }
        };
    try (ThreadTeam team = new ThreadTeam(threads)) {
      for (int round = 0; round < 100; round++) {
        assertSame(thrown, assertThrows(RuntimeException.class, () -> team.run(fails, 100, 10)));
        new Multiples(threads).check(team, 2, 100, 10);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void soDoesOneThatIsThrownBeforeAChunk(boolean byCaller) {
    Thread caller = Thread.currentThread();
    CountDownLatch worker = new CountDownLatch(1);
    RuntimeException thrown = new IllegalStateException("operands");
    Multiples fails =
        new Multiples(2) {
          @Override
          void taking() {
            boolean isCaller = Thread.currentThread() == caller;
            if (!isCaller) {
              worker.countDown();
            } else if (!byCaller) {
              await(worker);
            }
            if (isCaller == byCaller) {
              throw thrown;
            }
          }
        };
    long noBackups = TimeUnit.SECONDS.toNanos(30); // or the caller may be first
    try (ThreadTeam team = new ThreadTeam(2, noBackups)) {
      assertSame(thrown, assertThrows(RuntimeException.class, () -> team.run(fails, 100, 10)));
      CountDownLatch both = new CountDownLatch(2);
      team.run(
          (begin, end) -> {
            both.countDown();
            await(both);
          },
          2,
          1); // by two threads
      new Multiples(2).check(team, 2, 100, 10);
    }
  }

  @Test
  void moreChunksThanCanBeRepeatedAreEachDoneOnce() {
    try (ThreadTeam team = new ThreadTeam(2)) {
      int most = new RepeatablePhase(2, null, null).mostChunks();
      assertFalse(MOST_ITEMS <= most);
      new Multiples(2).check(team, 3, MOST_ITEMS, 1);
      new Multiples(2).check(team, 3, most, 1);
    }
  }

  @Test
  void soManyAreRepeatedWhereThereAreManyThreads() {
    int threads = MOST_ITEMS / 8;
    try (ThreadTeam team = new ThreadTeam(threads)) {
      HeldWorker multiples = new HeldWorker(threads, null);
      multiples.check(team, 3, MOST_ITEMS, 1);
      assertEquals(0, multiples.arrived.getCount(), "a worker is held in an attempt");
      multiples.goOn.countDown();
    }
  }
}
