package org.bitnetj.parallel;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Something that another thread does meanwhile. Thread-safe.
 *
 * @param <T> what comes of it
 * @param <E> how it may fail; unchecked exceptions aside
 */
public final class Background<T, E extends Exception> {
  /** What is done. */
  @FunctionalInterface
  public interface Work<T, E extends Exception> {
    T run() throws E;
  }

  private final FutureTask<T> task;

  private Background(Callable<T> work) {
    this.task = new FutureTask<>(work);
  }

  /** Starts it, on a new thread of that name which does not keep the process alive. */
  public static <T, E extends Exception> Background<T, E> start(String name, Work<T, E> work) {
    Background<T, E> background = new Background<>(work::run);
    Thread.ofPlatform().daemon().name(name).start(background.task);
    return background;
  }

  /** Waits until it has ended, however it did. */
  public void await() {
    try {
      get();
    } catch (Exception | Error e) {
      // get() throws it again
    }
  }

  /**
   * Waits for it. A thread that is interrupted waits all the same and stays interrupted: what is
   * done may hold memory, which nobody would free.
   *
   * @throws E as the work did; so are unchecked exceptions and errors
   */
  @SuppressWarnings("unchecked") // the work throws no other checked exceptions
  public T get() throws E {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException unchecked -> throw unchecked;
        case Error error -> throw error;
        case null, default -> throw (E) e.getCause();
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
