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
 * Decides which thread computes the next step, and with which tokens. If no step is being computed,
 * the calling thread computes one for all waiting sequences, its own among them, and distributes
 * the results; the others wait for theirs. Virtual threads only wait: a thread of the engine,
 * started when the first of them arrives, computes for them.
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
  private final PromptPace pace = new PromptPace();
  private int singles; // members of the step with one row
  private int promptRows; // rows of the others
  private long steps;
  private long rows;

  Scheduler(Transformer transformer) {
    this.transformer = transformer;
  }

  void lock() {
    lock.lock();
  }

  void unlock() {
    lock.unlock();
  }

  int waiting() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  long steps() {
    lock.lock();
    try {
      return steps;
    } finally {
      lock.unlock();
    }
  }

  long rows() {
    lock.lock();
    try {
      return rows;
    } finally {
      lock.unlock();
    }
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
      boolean virtual = Thread.currentThread().isVirtual();
      if (virtual) {
        callEngineThread();
      }
      unexpect(sequence);
      sequence.failure = null;
      sequence.progress = Progress.WAITING;
      waiting.addLast(sequence);
      arrived.signal();
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
        pace.note(singles, promptRows, lastStepNanos);
        steps++;
        rows += transformer.step().size();
        settle(failure);
      }
    } catch (RuntimeException | Error e) { // such as a full heap: its members must hear of it
      waiting.removeAll(members);
      members.forEach(member -> finish(member, e));
      members.clear();
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

  /**
   * Fills the step. The sequence that has waited longest is in it, whatever it needs, so that none
   * waits forever: it decides whose cache the step is on. Then come those that want one token, then
   * the others, with as many rows together as do not delay the single tokens much.
   */
  private void gather() {
    Step step = transformer.step();
    step.clear();
    singles = 0;
    promptRows = 0;
    int waitingSingles = 0;
    for (SequenceState sequence : waiting) {
      waitingSingles += sequence.remaining() == 1 ? 1 : 0;
    }
    int most = pace.most(waitingSingles);
    while (members.isEmpty() && !waiting.isEmpty()) {
      SequenceState first = waiting.removeFirst();
      enter(first, Math.min(most, Math.max(1, step.capacity() - waitingSingles)));
    }
    if (alone == 0) {
      gatherMore(true, Integer.MAX_VALUE);
      gatherMore(false, most);
    }
    alone = Math.max(0, alone - 1);
  }

  private void gatherMore(boolean wantSingles, int mostPromptRows) {
    for (int i = waiting.size(); i > 0; i--) { // once round: who does not enter keeps its place
      SequenceState sequence = waiting.removeFirst();
      int most = wantSingles ? 1 : mostPromptRows - promptRows;
      if (sequence.remaining() == 1 != wantSingles || most < 1 || !enter(sequence, most)) {
        waiting.addLast(sequence);
      }
    }
  }

  /**
   * Puts a sequence that is taken out of those that wait into the step, with {@code most} rows at
   * most.
   *
   * @return false if the step has no room for it; else it is a member, or has failed
   */
  private boolean enter(SequenceState sequence, int most) {
    try {
      Step step = transformer.step();
      int before = step.size();
      boolean single = sequence.remaining() == 1;
      if (!step.accepts(sequence.table()) || !sequence.enter(step, most)) {
        return false;
      }
      members.add(sequence);
      singles += single ? 1 : 0;
      promptRows += single ? 0 : step.size() - before;
      sequence.progress = Progress.COMPUTING;
    } catch (RuntimeException | Error e) {
      finish(sequence, e);
    }
    return true;
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
      alone = members.size();
      for (int i = alone - 1; i >= 0; i--) { // the next steps are theirs
        members.get(i).progress = Progress.WAITING;
        waiting.addFirst(members.get(i));
      }
      members.clear();
    } else if (failure == null) {
      transformer.step().commit();
      for (int i = 0; i < members.size(); i++) {
        members.get(i).advance(transformer.reads(), transformer.step().size());
      }
    }
    for (int i = 0; i < members.size(); i++) {
      SequenceState member = members.get(i);
      if (failure != null || member.remaining() == 0) {
        finish(member, failure);
        member.expectedIn = round;
        expected++;
      } else if (member.closing) {
        finish(member, new IllegalStateException(SequenceState.CLOSED));
      } else {
        member.progress = Progress.WAITING;
        waiting.addLast(member);
      }
    }
    members.clear();
  }

  private static void finish(SequenceState sequence, @Nullable Throwable failure) {
    if (failure != null) {
      sequence.table().truncate(sequence.length()); // without the blocks it was to have
    }
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
    sequence.closing = true; // so that it is in no further step
    while (sequence.progress == Progress.COMPUTING) {
      finished.awaitUninterruptibly();
    }
    unexpect(sequence);
    arrived.signal();
    if (waiting.remove(sequence)) {
      finish(sequence, new IllegalStateException(SequenceState.CLOSED));
      finished.signalAll();
    }
  }

  /** Ends it all, once no step is computed; the lock is held. Idempotent. */
  void close() {
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
  }
}
