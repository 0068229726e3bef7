package org.bitnetj.constraint.automaton;

import java.util.Arrays;
import java.util.List;

/** Removes what an automaton does not need from its rows of targets (negative: none). */
final class Trimming {
  private Trimming() {}

  /** Cuts the ways to states from which none with a label can be reached. */
  static void deadEnds(List<int[]> rows, int[] labels) {
    boolean[] alive = new boolean[labels.length];
    for (int q = 0; q < labels.length; q++) {
      alive[q] = labels[q] >= 0;
    }
    // States were found breadth first, so going backwards most are decided in the first round.
    for (boolean changed = true; changed; ) {
      changed = false;
      for (int q = labels.length - 1; q >= 0; q--) {
        if (!alive[q] && Arrays.stream(rows.get(q)).anyMatch(t -> t >= 0 && alive[t])) {
          alive[q] = true;
          changed = true;
        }
      }
    }
    for (int[] row : rows) {
      for (int c = 0; c < row.length; c++) {
        if (row[c] >= 0 && !alive[row[c]]) {
          row[c] = -1;
        }
      }
    }
  }

  /** New numbers of the states that can be reached from the first, −1 for the others. */
  static int[] reachable(List<int[]> rows) {
    int[] numbers = new int[rows.size()];
    Arrays.fill(numbers, -1);
    int[] queue = new int[rows.size()];
    numbers[0] = 0;
    int count = 1;
    for (int at = 0; at < count; at++) {
      for (int target : rows.get(queue[at])) {
        if (target >= 0 && numbers[target] < 0) {
          numbers[target] = count;
          queue[count++] = target;
        }
      }
    }
    return numbers;
  }
}
