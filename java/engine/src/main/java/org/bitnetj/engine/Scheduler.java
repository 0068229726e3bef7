package org.bitnetj.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.bitnetj.engine.SequenceState.Progress;
import org.bitnetj.model.Step;
import org.bitnetj.model.Transformer;
import org.jspecify.annotations.Nullable;

/**
 * Who computes the next step, and with which tokens. A thread that finds no step being computed
 * computes one for all sequences that wait, its own among them, and then hands out the results; the
 * others wait for theirs. Virtual threads only wait: a thread of the engine's own, started when the
 * first of them comes, computes for them.
 *
 * <p>Sequences that have just been in a step usually come back once they have chosen their next
 * token. So a step waits a moment for them: without that, two sequences would take turns, each
 * alone. One that does not come back in time is not waited for again until it does.
 */
final class Scheduler {
  /** The share of the last step's time that the next one waits at most, and the longest wait. */
  private static final int PATIENCE = 8;

  private static final long MOST_PATIENCE_NANOS = 5_000_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition(); // for who gathers a step
  private final Condition finished = lock.newCondition(); // for who waits for a step
  private final Condition submitted = lock.newCondition(); // for the engine's thread
  private final Transformer transformer;
  private final ArrayDeque<SequenceState> waiting = new ArrayDeque<>();
  private final List<SequenceState> members = new ArrayList<>(); // of the step
  private @Nullable Thread engineThread;
  private boolean stepping;
  private boolean closed;

  /** Sequences that are expected back, and the round in which they are. */
  private int expected;

  private long round;
  private long lastStepNanos;
  private int alone; // steps that have one member only, after one that failed

  Scheduler(Transformer transformer) {
    this.transformer = transformer;
  }

  void lock() {
    lock.lock();
  }

  void unlock() {
    lock.unlock();
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("This model is closed; load it again.");
    }
  }

  /** Returns when all tokens that the sequence asks for are computed; throws what went wrong. */
  void compute(SequenceState sequence) {
    lock.lock();
    try {
      sequence.requireOpen();
      unexpect(sequence);
      sequence.failure = null;
      sequence.progress = Progress.WAITING;
      waiting.addLast(sequence);
      arrived.signal();
      boolean virtual = Thread.currentThread().isVirtual();
      if (virtual) {
        callEngineThread();
      }
      while (sequence.progress != Progress.DONE) {
        if (stepping || virtual || closed) {
          finished.awaitUninterruptibly();
        } else {
          step();
        }
      }
    } finally {
      lock.unlock();
    }
    switch (sequence.failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
  }

  private void callEngineThread() {
    if (engineThread == null) {
      engineThread = Thread.ofPlatform().name("bitnet-engine").daemon().start(this::serve);
    }
    submitted.signal();
  }

  /** Computes steps whenever something waits, until the engine is closed. */
  private void serve() {
    lock.lock();
    try {
      while (!closed) {
        if (stepping || waiting.isEmpty()) {
          submitted.awaitUninterruptibly();
        } else {
          step();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Computes one step of what waits. The lock is held, except while it is computed. */
  private void step() {
    stepping = true;
    try {
      awaitExpected();
      gather();
      if (!members.isEmpty()) {
        long start = System.nanoTime();
        Throwable failure = null;
        lock.unlock();
        try {
          computeStep();
        } catch (RuntimeException | Error e) {
          failure = e;
        } finally {
          lock.lock();
        }
        lastStepNanos = System.nanoTime() - start;
        settle(failure);
      }
    } finally {
      stepping = false;
      finished.signalAll();
      submitted.signal();
    }
  }

  private void awaitExpected() {
    long patience = Math.min(lastStepNanos / PATIENCE, MOST_PATIENCE_NANOS);
    int most = transformer.step().capacity();
    try {
      while (expected > 0 && patience > 0 && waiting.size() < most && !closed) {
        patience = arrived.awaitNanos(patience);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (expected > 0) {
      expected = 0;
      round++;
    }
  }

  private void unexpect(SequenceState sequence) {
    if (sequence.expectedIn == round) {
      expected--;
    }
    sequence.expectedIn = -1;
  }

  /** Fills the step: first sequences that want one token, then the others, as they came. */
  private void gather() {
    Step step = transformer.step();
    step.clear();
    gather(step, true);
    gather(step, false);
    alone = Math.max(0, alone - 1);
  }

  private void gather(Step step, boolean singles) {
    for (int i = waiting.size(); i > 0; i--) {
      SequenceState sequence = waiting.removeFirst();
      boolean entered = false;
      boolean room = alone == 0 || members.isEmpty();
      if (room && sequence.remaining() == 1 == singles && step.accepts(sequence.table())) {
        try {
          entered = sequence.enter(step);
        } catch (RuntimeException e) {
          finish(sequence, e);
          continue;
        }
      }
      if (entered) {
        sequence.progress = Progress.COMPUTING;
        members.add(sequence);
      } else {
        waiting.addLast(sequence);
      }
    }
  }

  private void computeStep() {
    transformer.forward();
    int row = 0;
    for (int i = 0; i < members.size(); i++) {
      row += members.get(i).takeLogits(transformer.logits(), row);
    }
  }

  /**
   * Hands out what the step gave. Of a failed step with several members each is computed again by
   * itself, so that only the one whose numbers broke hears of it.
   */
  private void settle(@Nullable Throwable failure) {
    if (failure != null && members.size() > 1) {
      alone = members.size();
      failure = null;
    } else if (failure == null) {
      transformer.step().commit();
      for (int i = 0; i < members.size(); i++) {
        members.get(i).advance(transformer.reads(), transformer.step().size());
      }
    }
    for (int i = members.size() - 1; i >= 0; i--) {
      SequenceState member = members.get(i);
      if (failure != null || member.remaining() == 0) {
        finish(member, failure);
        member.expectedIn = round;
        expected++;
      } else {
        member.progress = Progress.WAITING;
        waiting.addFirst(member);
      }
    }
    members.clear();
  }

  private static void finish(SequenceState sequence, @Nullable Throwable failure) {
    sequence.failure = failure;
    sequence.progress = Progress.DONE;
  }

  void rest(SequenceState sequence) {
    lock.lock();
    try {
      unexpect(sequence);
      arrived.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Takes a sequence out of what waits or is expected; waits if a step computes with it. */
  void withdraw(SequenceState sequence) {
    while (sequence.progress == Progress.COMPUTING) {
      finished.awaitUninterruptibly();
    }
    unexpect(sequence);
    arrived.signal();
    if (waiting.remove(sequence)) {
      finish(sequence, new IllegalStateException("This session is closed; open another one."));
      finished.signalAll();
    }
  }

  /**
   * Ends it all, once no step is computed; the lock is held.
   *
   * @return false if that was done before
   */
  boolean close() {
    if (closed) {
      return false;
    }
    closed = true;
    arrived.signal();
    while (stepping) {
      finished.awaitUninterruptibly();
    }
    for (SequenceState sequence : waiting) {
      finish(sequence, new IllegalStateException("This model is closed; load it again."));
    }
    waiting.clear();
    finished.signalAll();
    submitted.signal();
    return true;
  }
}
