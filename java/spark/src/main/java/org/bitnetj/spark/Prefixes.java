package org.bitnetj.spark;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Computes a shared prompt prefix once. The engine takes over what any other sequence has computed,
 * but sequences that begin at the same time would all compute it; so a prompt waits here while
 * another one is computed whose beginning it shares, and which no earlier one had. It changes when
 * a row is computed, never its result. Thread-safe.
 */
final class Prefixes {
  /** A shared prefix of fewer tokens is computed again rather than waited for. */
  private static final int MIN_SHARED_TOKENS = 8;

  /** Computed prompts remembered: about as many as are kept. */
  private static final int REMEMBERED = 64;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<int[]> computing = new ArrayList<>();
  private final Deque<int[]> computed = new ArrayDeque<>();

  /** A prompt's turn to be computed, until it is done or closed. */
  final class Turn implements AutoCloseable {
    private final int[] prompt;

    private Turn(int[] prompt) {
      this.prompt = prompt;
    }

    /** Others can take it over now. */
    void computed() {
      end(true);
    }

    /** The prompt failed, or was done before. */
    @Override
    public void close() {
      end(false);
    }

    private void end(boolean done) {
      lock.lock();
      try {
        if (computing.removeIf(other -> other == prompt)) {
          if (done) {
            remember();
          }
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }

    private void remember() {
      if (computed.size() == REMEMBERED) {
        computed.removeFirst();
      }
      computed.addLast(prompt);
    }
  }

  /** Waits until nothing is computed that a prompt could take over. */
  Turn await(int[] prompt) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (longest(computing, prompt) >= longest(computed, prompt) + MIN_SHARED_TOKENS) {
        changed.await();
      }
      computing.add(prompt);
      return new Turn(prompt);
    } finally {
      lock.unlock();
    }
  }

  /** How many first tokens of a prompt one of the others has. */
  private static int longest(Iterable<int[]> others, int[] prompt) {
    int most = 0;
    for (int[] other : others) {
      int differs = Arrays.mismatch(prompt, other);
      most = Math.max(most, differs < 0 ? prompt.length : differs);
    }
    return most;
  }
}
