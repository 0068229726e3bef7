package org.bitnetj.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class PrefixesTest {
  private final Prefixes prefixes = new Prefixes();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @AfterEach
  void end() {
    threads.shutdownNow();
  }

  /** A prompt of 100 tokens that has the first ones with others in common. */
  private static int[] prompt(int common, int rest) {
    return IntStream.range(0, 100).map(i -> i < common ? i : 1000 * rest + i).toArray();
  }

  private Future<Prefixes.Turn> ask(int[] prompt) {
    return threads.submit(() -> prefixes.await(prompt));
  }

  @Test
  void aPromptWaitsForTheSharedPrefixBeingPrefilled() throws Exception {
    Prefixes.Turn first = prefixes.await(prompt(50, 1));
    Future<Prefixes.Turn> second = ask(prompt(50, 2));
    Thread.sleep(50);
    assertFalse(second.isDone());
    first.computed();
    second.get();
  }

  @Test
  void thoseAfterTheFirstAreComputedTogether() throws Exception {
    prefixes.await(prompt(50, 1)).computed();
    prefixes.await(prompt(50, 2)); // is computed for as long as this test lasts
    ask(prompt(50, 3)).get(10, TimeUnit.SECONDS);
  }

  @Test
  void aPromptThatFailsHoldsUpNobody() throws Exception {
    Future<Prefixes.Turn> second;
    try (Prefixes.Turn _ = prefixes.await(prompt(50, 1))) {
      second = ask(prompt(50, 2));
      Thread.sleep(50);
      assertFalse(second.isDone());
    }
    second.get();
  }

  @Test
  void promptsWithLittleInCommonDoNotWait() throws Exception {
    prefixes.await(prompt(7, 1));
    prefixes.await(prompt(7, 2));
    prefixes.await(prompt(7, 3));
  }

  @Test
  void ofManyWithABeginningOneIsComputedAlone() throws Exception {
    Prefixes.Turn first = prefixes.await(prompt(50, 1));
    var others =
        IntStream.range(2, 20)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> {
                          try {
                            return prefixes.await(prompt(50, i));
                          } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                          }
                        },
                        threads))
            .toList();
    Thread.sleep(50);
    assertEquals(0, others.stream().filter(CompletableFuture::isDone).count());
    first.computed();
    others.forEach(CompletableFuture::join);
  }
}
