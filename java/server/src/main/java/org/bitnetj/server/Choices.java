package org.bitnetj.server;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Several answers to one prompt, generated at the same time; the prompt is computed once. */
final class Choices {
  /** Generates one of them. */
  @FunctionalInterface
  interface Task<T> {
    /**
     * @param choice its number, from 0 on
     * @param promptIsDone to be called when its prompt is computed
     */
    T run(int choice, Runnable promptIsDone);
  }

  private Choices() {}

  /**
   * Runs {@code count} tasks, and returns their results in order. When one fails, the exchange
   * ends, and the others with it. An interrupt would close the connection of one that is sending,
   * and the client would not hear what has gone wrong.
   *
   * @param exchange whose answer they are
   * @param atOnce most of them that run at a time
   * @throws RuntimeException what the first one to fail threw
   */
  static <T> List<T> run(Exchange exchange, int count, int atOnce, Task<T> task) {
    if (count == 1) {
      return List.of(task.run(0, () -> {}));
    }
    CountDownLatch prompt = new CountDownLatch(1);
    Semaphore room = new Semaphore(atOnce);
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CompletionService<T> ended = new ExecutorCompletionService<>(threads);
      List<Future<T>> futures = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int choice = i;
        futures.add(
            ended.submit(
                () -> {
                  if (choice > 0) {
                    prompt.await();
                  }
                  room.acquire();
                  try {
                    exchange.requireWanted(); // it may have had to wait
                    return task.run(choice, prompt::countDown);
                  } catch (RuntimeException | Error e) {
                    failure.compareAndSet(null, e); // those that it ends fail too
                    exchange.end(Exchange.End.FAILED);
                    throw e;
                  } finally {
                    room.release();
                    prompt.countDown();
                  }
                }));
      }
      try {
        for (int i = 0; i < count; i++) {
          ended.take().get();
        }
        return futures.stream().map(Future::resultNow).toList();
      } catch (ExecutionException e) {
        Throwable first = failure.get();
        throw first instanceof RuntimeException cause ? cause : new IllegalStateException(first);
      } catch (InterruptedException e) {
        threads.shutdownNow();
        Thread.currentThread().interrupt();
        throw Exchange.stopping();
      }
    }
  }
}
