package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
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
  private static Exchange exchange() {
    return new Exchange(Duration.ofMinutes(1));
  }

  @Test
  void resultsAreInOrder() {
    assertEquals(List.of(0), Choices.run(exchange(), 1, 1, (choice, promptIsDone) -> choice));
    assertEquals(
        List.of(0, 10, 20, 30),
        Choices.run(
            exchange(),
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
        exchange(),
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

  /** Waits until nobody wants the answer; says whether the thread was interrupted then. */
  private static boolean untilEnded(Exchange exchange) {
    CountDownLatch ended = new CountDownLatch(1);
    try (Exchange.Registration _ = exchange.whenEnded(ended::countDown)) {
      ended.await();
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }

  @Test
  void aFailureEndsTheOthersWithoutAnInterrupt() {
    IllegalArgumentException failure = new IllegalArgumentException("no");
    Exchange exchange = exchange();
    Queue<Boolean> interrupted = new ConcurrentLinkedQueue<>();
    CyclicBarrier together = new CyclicBarrier(3);
    assertSame(
        failure,
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Choices.run(
                    exchange,
                    3,
                    3,
                    (choice, promptIsDone) -> {
                      promptIsDone.run();
                      meet(together);
                      if (choice == 0) {
                        throw failure;
                      }
                      interrupted.add(untilEnded(exchange));
                      return choice;
                    })));
    assertEquals(List.of(false, false), List.copyOf(interrupted));
  }

  @Test
  void aPromptThatFailsLeavesNobodyWaiting() {
    AtomicInteger ran = new AtomicInteger();
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Choices.run(
                exchange(),
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
    Exchange exchange = exchange();
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Choices.run(
                exchange,
                2,
                2,
                (choice, promptIsDone) -> {
                  promptIsDone.run();
                  if (choice == 1) {
                    throw new IllegalArgumentException("no");
                  }
                  untilEnded(exchange);
                  return choice;
                }));
  }

  @Test
  void whatWaitsForRoomIsNotBegunAfterAFailure() {
    AtomicInteger ran = new AtomicInteger();
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Choices.run(
                exchange(),
                8,
                1,
                (choice, promptIsDone) -> {
                  if (ran.incrementAndGet() == 1) {
                    throw new IllegalArgumentException("no");
                  }
                  meet(new CyclicBarrier(2)); // for ever
                  return choice;
                }));
  }
}
