package org.bitnetj.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.engine.SequenceState.Progress;
import org.bitnetj.model.Step;

/**
 * The sequences that wait for a step, in their order, and which of them are in the next one. As
 * thread-safe as the scheduler's lock makes it.
 */
final class WaitingLine {
  private final Step step;
  private final ArrayDeque<SequenceState> waiting = new ArrayDeque<>();
  private final List<SequenceState> members = new ArrayList<>();
  private final PromptPace pace = new PromptPace();
  private int alone; // steps that have one member only, after one that failed
  private int singles; // members of the step with one row
  private int promptRows; // rows of the others

  WaitingLine(Step step) {
    this.step = step;
  }

  /** Those in the step that is computed; the scheduler empties it. */
  List<SequenceState> members() {
    return members;
  }

  int size() {
    return waiting.size();
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  void addLast(SequenceState sequence) {
    waiting.addLast(sequence);
  }

  /** Takes a sequence out; false if it does not wait. */
  boolean remove(SequenceState sequence) {
    return waiting.remove(sequence);
  }

  /** Takes all out that are in a list. */
  void removeAll(List<SequenceState> sequences) {
    waiting.removeAll(sequences);
  }

  /** Ends the waiting of all. */
  void failAll(String sentence) {
    for (SequenceState sequence : waiting) {
      sequence.finish(new IllegalStateException(sentence));
    }
    waiting.clear();
  }

  /** Puts the members back in front: each of the next steps is for one of them. */
  void retryAlone() {
    alone = members.size();
    for (int i = alone - 1; i >= 0; i--) {
      members.get(i).progress = Progress.WAITING;
      waiting.addFirst(members.get(i));
    }
    members.clear();
  }

  /** Learns how long the step took. */
  void note(long nanos) {
    pace.note(singles, promptRows, nanos);
  }

  /**
   * Fills the step. The sequence that has waited longest is in it, whatever it needs, so that none
   * waits forever: it decides whose cache the step is on. Then come those that want one token, then
   * the others, with as many rows together as do not delay the single tokens much.
   */
  void fillStep() {
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
      sequence.finish(e);
    }
    return true;
  }
}
