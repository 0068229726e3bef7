package org.bitnetj.constraint.pushdown;

import java.util.Arrays;
import org.bitnetj.constraint.automaton.ByteDfa;

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
   * @param required how many names are required: the labels 0 to this, exclusive, one name each
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

  public ByteDfa dfa() {
    return dfa;
  }

  public int required() {
    return required;
  }

  /** How many names there are; {@link #UNBOUNDED} if that many or more. */
  public int count() {
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
