package org.bitnetj.engine;

import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.bitnetj.engine.SequenceState.Progress;
import org.bitnetj.model.Transformer;
import org.jspecify.annotations.Nullable;

/**
 * Decides which thread computes the next step, and with which tokens. If no step is being computed,
 * the calling thread computes one for all waiting sequences, its own among them, and distributes
 * the results; the others wait for theirs. Virtual threads only wait: a thread of the engine,
 * started when the first of them arrives, computes for them.
 */
final class Scheduler {
  private static final String CLOSED = "This model is closed; load it again.";

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition finished = lock.newCondition(); // for who waits for a step
  private final Condition submitted = lock.newCondition(); // for the engine's thread
  private final Transformer transformer;
  private final WaitingLine waiting;
  private final Expected expected = new Expected(lock);
  private final BooleanSupplier hasRoom = this::hasRoom;
  private final List<SequenceState> members; // of the step
  private @Nullable Thread engineThread;
  private boolean stepping;
  private boolean closed;

  private long lastStepNanos;
  private long steps;
  private long rows;

  Scheduler(Transformer transformer) {
    this.transformer = transformer;
    this.waiting = new WaitingLine(transformer.step());
    this.members = waiting.members();
  }

  void lock() {
    lock.lock();
  }

  void unlock() {
    lock.unlock();
  }

  /**
   * What was done so far.
   *
   * @param waiting sequences that wait for a step
   * @param steps that were computed
   * @param rows tokens that they computed
   */
  record Counts(int waiting, long steps, long rows) {}

  Counts counts() {
    lock.lock();
    try {
      return new Counts(waiting.size(), steps, rows);
    } finally {
      lock.unlock();
    }
  }

  /** See {@link WaitingLine#drafts}; the lock is held. */
  int drafts(Drafter drafter, int most) {
    return waiting.drafts(drafter, most);
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException(CLOSED);
    }
  }

  /** Returns when all tokens that the sequence asks for are computed; throws what went wrong. */
  void compute(SequenceState sequence) {
    lock.lock();
    try {
      sequence.requireOpen();
      boolean virtual = Thread.currentThread().isVirtual();
      if (virtual) {
        callEngineThread();
      }
      expected.remove(sequence);
      sequence.failure = null;
      sequence.progress = Progress.WAITING;
      waiting.addLast(sequence);
      submitted.signal();
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
    Throwable failure = sequence.failure;
    if (failure instanceof RuntimeException e) {
      throw e;
    } else if (failure instanceof Error e) {
      throw e;
    } else if (failure != null) {
      throw new IllegalStateException(failure);
    }
  }

  private void callEngineThread() {
    if (engineThread == null) {
      engineThread = Thread.ofPlatform().name("bitnet-engine").daemon().start(this::serve);
    }
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
      engineThread = null;
      lock.unlock();
    }
  }

  /** Computes one step of what waits. The lock is held, except while it is computed. */
  private void step() {
    stepping = true;
    try {
      expected.await(lastStepNanos, hasRoom);
      waiting.fillStep();
      if (!members.isEmpty()) {
        StepEvent event = waiting.begin();
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
        waiting.record(event);
        if (failure == null) { // else it may have ended early
          waiting.note(lastStepNanos);
        }
        steps++;
        rows += transformer.step().size();
        settle(failure);
      }
    } catch (RuntimeException | Error e) { // such as a full heap: its members must hear of it
      waiting.removeAll(members);
      members.forEach(member -> member.finish(e));
      members.clear();
    } finally {
      stepping = false;
      finished.signalAll();
      submitted.signal();
    }
  }

  private boolean hasRoom() {
    return !closed && waiting.size() < transformer.step().capacity();
  }

  private void computeStep() {
    transformer.forward();
    int row = 0;
    for (int i = 0; i < members.size(); i++) {
      row += members.get(i).takeLogits(transformer, row);
    }
  }

  /**
   * Hands out what the step gave. Of a failed step with several members each is computed again by
   * itself, so that only the one whose numbers broke hears of it.
   */
  private void settle(@Nullable Throwable failure) {
    if (failure != null && members.size() > 1) {
      waiting.retryAlone();
    } else if (failure == null) {
      transformer.step().commit();
      for (int i = 0; i < members.size(); i++) {
        members.get(i).advance(transformer.reads(), transformer.step().size());
      }
    }
    for (int i = 0; i < members.size(); i++) {
      SequenceState member = members.get(i);
      if (failure != null || member.remaining() == 0) {
        member.finish(failure);
        expected.add(member);
      } else if (member.closing) {
        member.finish(new IllegalStateException(SequenceState.CLOSED));
      } else {
        member.progress = Progress.WAITING;
        waiting.addLast(member);
      }
    }
    members.clear();
  }

  void rest(SequenceState sequence) {
    lock.lock();
    try {
      expected.remove(sequence);
    } finally {
      lock.unlock();
    }
  }

  /** Takes a sequence out of what waits or is expected; waits if a step computes with it. */
  void withdraw(SequenceState sequence) {
    sequence.closing = true; // so that it is in no further step
    while (sequence.progress == Progress.COMPUTING) {
      finished.awaitUninterruptibly();
    }
    expected.remove(sequence);
    if (waiting.remove(sequence)) {
      sequence.finish(new IllegalStateException(SequenceState.CLOSED));
      finished.signalAll();
    }
  }

  /** Ends it all, once no step is computed; the lock is held. Idempotent. */
  void close() {
    closed = true;
    expected.wake();
    while (stepping) {
      finished.awaitUninterruptibly();
    }
    waiting.failAll(CLOSED);
    finished.signalAll();
    submitted.signal();
  }
}
