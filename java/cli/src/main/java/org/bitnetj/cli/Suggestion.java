package org.bitnetj.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** What was probably meant by a name that does not exist. */
final class Suggestion {
  private Suggestion() {}

  /**
   * The names that are nearest to what was typed, all as near; none if even they are far from it. A
   * name that begins with what was typed is near.
   */
  static List<String> of(String typed, Collection<String> names) {
    int most = Math.max(1, typed.length() / 3);
    int least =
        names.stream().mapToInt(name -> distance(typed, name)).min().orElse(Integer.MAX_VALUE);
    return names.stream()
        .filter(
            name ->
                least <= most
                    ? distance(typed, name) == least
                    : typed.length() > 1 && name.startsWith(typed))
        .sorted(Comparator.naturalOrder())
        .toList();
  }

  /**
   * How many letters must be inserted, removed, replaced, or exchanged with their neighbour to make
   * one text of the other: the optimal string alignment distance.
   */
  static int distance(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int replaced = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        cost[i][j] = Math.min(replaced, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
      }
    }
    return cost[a.length()][b.length()];
  }
}
