package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChoicesTest {
  @Test
  void resultsAreInOrder() {
    assertEquals(List.of(0), Choices.run(1, 1, (choice, promptIsDone) -> choice));
    assertEquals(
        List.of(0, 10, 20, 30),
        Choices.run(
            4,
            4,
            (choice, promptIsDone) -> {
              promptIsDone.run();
              return 10 * choice;
            }));
  }

  @Test
  void theOthersBeginWhenThePromptIsComputed() {
    Queue<String> events = new ConcurrentLinkedQueue<>();
    CyclicBarrier together = new CyclicBarrier(3);
    Choices.run(
        3,
        3,
        (choice, promptIsDone) -> {
          if (choice == 0) {
            events.add("prompt");
            promptIsDone.run();
          }
          events.add("text");
          meet(together); // all of them run at the same time
          return choice;
        });
    assertEquals(List.of("prompt", "text", "text", "text"), List.copyOf(events));
  }

  private static void meet(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aFailureEndsTheOthers() {
    IllegalArgumentException failure = new IllegalArgumentException("no");
    CountDownLatch never = new CountDownLatch(1);
    AtomicInteger interrupted = new AtomicInteger();
    CyclicBarrier together = new CyclicBarrier(3);
    assertSame(
        failure,
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Choices.run(
                    3,
                    3,
                    (choice, promptIsDone) -> {
                      promptIsDone.run();
                      meet(together);
                      if (choice == 0) {
                        throw failure;
                      }
                      try {
                        never.await();
                      } catch (InterruptedException e) {
                        interrupted.incrementAndGet();
                      }
                      return choice;
                    })));
    assertEquals(2, interrupted.get());
  }

  @Test
  void aPromptThatFailsLeavesNobodyWaiting() {
    AtomicInteger ran = new AtomicInteger();
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Choices.run(
                8,
                8,
                (choice, promptIsDone) -> {
                  ran.incrementAndGet();
                  throw new IllegalArgumentException("no prompt");
                }));
    assertTrue(ran.get() >= 1);
  }

  @Test
  void aLaterFailureEndsTheFirstToo() {
    CountDownLatch never = new CountDownLatch(1);
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Choices.run(
                2,
                2,
                (choice, promptIsDone) -> {
                  promptIsDone.run();
                  if (choice == 1) {
                    throw new IllegalArgumentException("no");
                  }
                  try {
                    never.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                  return choice;
                }));
  }
}
