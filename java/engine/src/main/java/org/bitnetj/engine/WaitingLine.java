package org.bitnetj.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import jdk.jfr.FlightRecorder;
import org.bitnetj.engine.SequenceState.Progress;
import org.bitnetj.model.Step;
import org.jspecify.annotations.Nullable;

/**
 * The sequences that wait for a step, in their order, and which of them are in the next one. As
 * thread-safe as the scheduler's lock makes it.
 */
final class WaitingLine {
  private final Step step;
  private final ArrayDeque<SequenceState> waiting = new ArrayDeque<>();
  private final List<SequenceState> members = new ArrayList<>();
  private final PromptPace pace = new PromptPace();
  private final StepTimes times;
  private int alone; // steps that have one member only, after one that failed
  private int tokenMembers; // of the step: those that want their next token
  private int tokenRows; // of these, with drafts of more tokens
  private int promptRows; // rows of the others
  private int waitingRows; // that those take which want their next token
  private final Consumer<SequenceState> countWaitingRows =
      sequence -> waitingRows += sequence.wantsNextToken() ? sequence.remaining() : 0;

  WaitingLine(Step step) {
    this.step = step;
    this.times = new StepTimes(Math.min(step.capacity(), step.logitsCapacity()));
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
    pace.note(tokenRows, promptRows, nanos);
    if (promptRows == 0) {
      times.note(tokenRows, nanos);
    }
  }

  /**
   * Begins a step's entry in the flight recording. Without one the event's class is not even
   * loaded, which would take longer than loading a small model.
   */
  @Nullable StepEvent begin() {
    if (!FlightRecorder.isInitialized()) {
      return null;
    }
    StepEvent event = new StepEvent();
    event.begin();
    return event;
  }

  /** Ends the entry of the step that has just been computed. */
  void record(@Nullable StepEvent event) {
    if (event == null) {
      return;
    }
    event.end();
    if (event.shouldCommit()) {
      event.sequences = members.size();
      event.tokenRows = tokenRows;
      event.promptRows = promptRows;
      event.waiting = waiting.size();
      event.commit();
    }
  }

  /**
   * How many tokens a member of the last step should draft.
   *
   * @param most at most
   */
  int drafts(Drafter drafter, int most) {
    int sequences = Math.max(1, tokenMembers);
    return times.drafts(sequences, most, drafter.firstRight(), drafter.nextRight());
  }

  /**
   * Fills the step. The sequence that has waited longest is in it, whatever it needs, so that none
   * waits forever: it decides whose cache the step is on. Then come those that want their next
   * token, then the others, with as many rows together as do not delay the next tokens much.
   */
  void fillStep() {
    step.clear();
    tokenMembers = 0;
    tokenRows = 0;
    promptRows = 0;
    waitingRows = 0;
    waiting.forEach(countWaitingRows); // an iterator would be an object
    int most = pace.most(waitingRows);
    while (members.isEmpty() && !waiting.isEmpty()) {
      SequenceState first = waiting.removeFirst();
      int room = Math.max(1, step.capacity() - waitingRows);
      enter(first, first.wantsNextToken() ? first.remaining() : Math.min(most, room));
    }
    if (alone == 0) {
      gatherMore(true, Integer.MAX_VALUE);
      gatherMore(false, most);
    }
    alone = Math.max(0, alone - 1);
  }

  private void gatherMore(boolean nextTokens, int mostPromptRows) {
    for (int i = waiting.size(); i > 0; i--) { // once round: who does not enter keeps its place
      SequenceState sequence = waiting.removeFirst();
      int most = nextTokens ? sequence.remaining() : mostPromptRows - promptRows;
      if (sequence.wantsNextToken() != nextTokens || most < 1 || !enter(sequence, most)) {
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
      boolean nextToken = sequence.wantsNextToken();
      if (!step.accepts(sequence.table()) || !sequence.enter(step, most)) {
        return false;
      }
      members.add(sequence);
      tokenMembers += nextToken ? 1 : 0;
      tokenRows += nextToken ? step.size() - before : 0;
      promptRows += nextToken ? 0 : step.size() - before;
      sequence.progress = Progress.COMPUTING;
    } catch (RuntimeException | Error e) {
      sequence.finish(e);
    }
    return true;
  }
}
