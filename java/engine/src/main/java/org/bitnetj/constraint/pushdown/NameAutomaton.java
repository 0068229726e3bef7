package org.bitnetj.constraint.pushdown;

import java.util.Arrays;
import org.bitnetj.constraint.automaton.ByteDfa;
import org.bitnetj.constraint.automaton.StringSpelling;

/**
 * The names that an object's members may have, each with one spelling and a label, and how many
 * there are from each state on. Labels below the count of required names are theirs.
 */
public final class NameAutomaton {
  /** A count of names without a limit. */
  static final int UNBOUNDED = 1 << 30;

  private final ByteDfa dfa;
  private final int required;
  private final int[] counts;
  private final int[] requiredCounts;

  /**
   * Nothing of this is checked: where it does not hold, names are counted wrongly.
   *
   * @param dfa in which each state leads to one that accepts, as those of {@link StringSpelling}
   *     do; it accepts each name in one spelling, and one name with each label below {@code
   *     required}
   * @param required how many names are required: those with the labels 0 to this, exclusive
   */
  public NameAutomaton(ByteDfa dfa, int required) {
    this.dfa = dfa;
    this.required = required;
    int[][] targets = dfa.targets();
    this.counts = count(targets, Integer.MAX_VALUE);
    this.requiredCounts = count(targets, required);
  }

  /** How many names with labels below {@code labels} each state leads to. */
  private int[] count(int[][] targets, int labels) {
    int[] counts = new int[targets.length];
    boolean[] relevant = new boolean[targets.length];
    for (boolean changed = true; changed; ) {
      changed = false;
      for (int q = targets.length - 1; q >= 0; q--) {
        boolean now =
            (dfa.label(q) >= 0 && dfa.label(q) < labels)
                || Arrays.stream(targets[q]).anyMatch(t -> relevant[t]);
        changed |= now != relevant[q];
        relevant[q] = now;
      }
    }
    // From the ends backwards; what is never reached lies on a cycle or before one.
    int[] open = new int[targets.length];
    int[] starts = new int[targets.length + 1];
    for (int q = 0; q < targets.length; q++) {
      for (int target : targets[q]) {
        open[q] += relevant[target] ? 1 : 0;
        starts[target + 1]++;
      }
    }
    for (int q = 0; q < targets.length; q++) {
      starts[q + 1] += starts[q];
    }
    int[] sources = new int[starts[targets.length]];
    int[] filled = starts.clone();
    int[] queue = new int[targets.length];
    int queued = 0;
    for (int q = 0; q < targets.length; q++) {
      for (int target : targets[q]) {
        sources[filled[target]++] = q;
      }
      counts[q] = relevant[q] ? UNBOUNDED : 0;
      if (relevant[q] && open[q] == 0) {
        queue[queued++] = q;
      }
    }
    for (int at = 0; at < queued; at++) {
      int q = queue[at];
      long sum = dfa.label(q) >= 0 && dfa.label(q) < labels ? 1 : 0;
      for (int target : targets[q]) {
        sum += counts[target];
      }
      counts[q] = (int) Math.min(sum, UNBOUNDED);
      for (int i = starts[q]; i < starts[q + 1]; i++) {
        if (--open[sources[i]] == 0) {
          queue[queued++] = sources[i];
        }
      }
    }
    return counts;
  }

  /**
   * How many names an automaton accepts with each label; 2<sup>30</sup> stands for that many and
   * more.
   *
   * @param dfa in which each state leads to one that accepts, with one spelling of each name
   * @param labels all of its labels are below
   */
  public static int[] countsByLabel(ByteDfa dfa, int labels) {
    int[][] targets = dfa.targets();
    int[] open = new int[targets.length]; // ways into each state that are not yet counted
    for (int[] each : targets) {
      for (int target : each) {
        open[target]++;
      }
    }
    // From the start on; what is never reached lies on a cycle or behind one.
    long[] ways = new long[targets.length];
    boolean[] done = new boolean[targets.length];
    int[] queue = new int[targets.length];
    int queued = 0;
    if (open[0] == 0) {
      queue[queued++] = 0;
      ways[0] = 1;
    }
    for (int at = 0; at < queued; at++) {
      int q = queue[at];
      done[q] = true;
      for (int target : targets[q]) {
        ways[target] = Math.min(ways[target] + ways[q], UNBOUNDED);
        if (--open[target] == 0) {
          queue[queued++] = target;
        }
      }
    }
    int[] counts = new int[labels];
    for (int q = 0; q < targets.length; q++) {
      int label = dfa.label(q);
      if (label >= 0) {
        counts[label] = (int) Math.min(counts[label] + (done[q] ? ways[q] : UNBOUNDED), UNBOUNDED);
      }
    }
    return counts;
  }

  ByteDfa dfa() {
    return dfa;
  }

  int required() {
    return required;
  }

  /** How many names there are; {@link #UNBOUNDED} if that many or more. */
  int count() {
    return counts[0];
  }

  /** Whether names that a state leads to run out. */
  boolean isFinite(int state) {
    return counts[state] < UNBOUNDED;
  }

  int count(int state, boolean requiredOnly) {
    return requiredOnly ? requiredCounts[state] : counts[state];
  }
}
