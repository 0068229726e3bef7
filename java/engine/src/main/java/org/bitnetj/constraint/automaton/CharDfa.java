package org.bitnetj.constraint.automaton;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A deterministic automaton over characters. A state that accepts has a label of 0 or more; from
 * every state one that accepts can be reached, and states that accept whatever follows are one for
 * each label. Immutable.
 */
public final class CharDfa {
  static final int DEAD = -1;

  /** Most states; patterns that people write have hundreds. */
  static final int MOST_STATES = 1 << 16;

  /** Most entries of a table; many states are possible with few classes of characters only. */
  private static final int MOST_ENTRIES = 1 << 24;

  private static final CharDfa ALL = explore(CharClasses.of(List.of()), 0, (q, c) -> q, q -> 0);

  private final CharClasses classes;
  private final int[] next;
  private final int[] labels;

  private CharDfa(CharClasses classes, int[] next, int[] labels) {
    this.classes = classes;
    this.next = next;
    this.labels = labels;
  }

  /** Entries of its table: what it takes of memory, and about what building it took. */
  public int size() {
    return next.length;
  }

  /** What follows a state by a character. */
  interface Step<T> {
    @Nullable T next(T state, int character);
  }

  /** All that can be reached from a state, where characters of one class lead to one state. */
  static <T> CharDfa explore(CharClasses classes, T start, Step<T> step, ToIntFunction<T> labelOf) {
    Map<T, Integer> ids = new HashMap<>();
    List<T> states = new ArrayList<>();
    List<int[]> rows = new ArrayList<>();
    ids.put(start, 0);
    states.add(start);
    for (int at = 0; at < states.size(); at++) {
      int[] row = new int[classes.count()];
      for (int c = 0; c < row.length; c++) {
        int member = classes.member(c);
        boolean surrogate = member >= 0xD800 && member <= 0xDFFF;
        T target = surrogate ? null : step.next(states.get(at), member);
        row[c] = DEAD;
        if (target != null) {
          Integer known = ids.putIfAbsent(target, states.size());
          row[c] = known == null ? states.size() : known;
          if (known == null) {
            states.add(target);
            int most = Math.min(MOST_STATES, MOST_ENTRIES / row.length);
            if (states.size() > most) {
              throw new TooManyStatesException(most);
            }
          }
        }
      }
      rows.add(row);
    }
    int[] labels = states.stream().mapToInt(labelOf).toArray();
    Trimming.deadEnds(rows, labels);
    mergeUniversal(rows, labels);
    int[] kept = Trimming.reachable(rows);
    int count = Arrays.stream(kept).max().orElse(0) + 1;
    int width = classes.count();
    int[] next = new int[count * width];
    int[] keptLabels = new int[count];
    for (int q = 0; q < kept.length; q++) {
      if (kept[q] >= 0) {
        keptLabels[kept[q]] = labels[q];
        for (int c = 0; c < width; c++) {
          int target = rows.get(q)[c];
          next[kept[q] * width + c] = target < 0 ? DEAD : kept[target];
        }
      }
    }
    return new CharDfa(classes, next, keptLabels);
  }

  /** Lets the first of the states that accept all that follows with one label stand for them. */
  private static void mergeUniversal(List<int[]> rows, int[] labels) {
    boolean[] universal = new boolean[labels.length];
    for (int q = 0; q < labels.length; q++) {
      universal[q] = labels[q] >= 0;
    }
    for (boolean changed = true; changed; ) {
      changed = false;
      for (int q = labels.length - 1; q >= 0; q--) {
        if (universal[q] && !staysWithin(universal, rows.get(q), labels, labels[q])) {
          universal[q] = false;
          changed = true;
        }
      }
    }
    Map<Integer, Integer> first = new HashMap<>();
    for (int q = 0; q < labels.length; q++) {
      if (universal[q]) {
        first.putIfAbsent(labels[q], q);
      }
    }
    for (int[] row : rows) {
      for (int c = 0; c < row.length; c++) {
        if (row[c] >= 0 && universal[row[c]]) {
          row[c] = first.get(labels[row[c]]);
        }
      }
    }
  }

  private static boolean staysWithin(boolean[] universal, int[] row, int[] labels, int label) {
    int dead = 0;
    for (int target : row) {
      dead += target < 0 ? 1 : 0;
      if (target >= 0 && !(universal[target] && labels[target] == label)) {
        return false;
      }
    }
    return dead == 1; // the class of surrogates
  }

  /** Accepts every string. */
  public static CharDfa all() {
    return ALL;
  }

  /**
   * Accepts some strings, each with its place in the list as label.
   *
   * @param otherwise the label of all other strings; negative if they are not accepted
   */
  public static CharDfa ofStrings(List<String> strings, int otherwise) {
    List<Map<Integer, Integer>> children = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    children.add(new HashMap<>());
    labels.add(otherwise);
    Map<Integer, CharSet> characters = new HashMap<>();
    for (int i = 0; i < strings.size(); i++) {
      int node = 0;
      for (int c : strings.get(i).codePoints().toArray()) {
        characters.computeIfAbsent(c, CharSet::of);
        Integer known = children.get(node).putIfAbsent(c, children.size());
        if (known == null) {
          node = children.size();
          children.add(new HashMap<>());
          labels.add(otherwise);
          if (node > MOST_STATES) {
            throw new TooManyStatesException(MOST_STATES);
          }
        } else {
          node = known;
        }
      }
      labels.set(node, i);
    }
    int other = -1; // the state of strings that are none of these
    return explore(
        CharClasses.of(characters.values()),
        0,
        (node, c) -> {
          Integer child = node == other ? null : children.get(node).get(c);
          return child == null && otherwise >= 0 ? Integer.valueOf(other) : child;
        },
        node -> node == other ? otherwise : labels.get(node));
  }

  /** Accepts strings of {@code min} to {@code max} characters. */
  public static CharDfa ofLength(int min, int max) {
    if (min > MOST_STATES || (max != Integer.MAX_VALUE && max > MOST_STATES)) {
      throw new TooManyStatesException(MOST_STATES);
    }
    int top = max == Integer.MAX_VALUE ? min : max;
    return explore(
        CharClasses.of(List.of()),
        0,
        (n, c) -> n < top ? Integer.valueOf(n + 1) : max == Integer.MAX_VALUE ? n : null,
        n -> n >= min ? 0 : -1);
  }

  /** How the labels of several automata become one: they are negative where one does not accept. */
  public interface Labels {
    int of(int[] labels);
  }

  /** Runs automata side by side, to the ends of strings even where some of them stop. */
  public static CharDfa product(List<CharDfa> all, Labels labels) {
    CharClasses classes = CharClasses.of(List.of());
    for (CharDfa dfa : all) {
      classes = classes.and(dfa.classes);
    }
    return explore(
        classes,
        new States(new int[all.size()]),
        (states, c) -> {
          int[] targets = new int[all.size()];
          for (int i = 0; i < targets.length; i++) {
            int q = states.all[i];
            targets[i] = q < 0 ? DEAD : all.get(i).next(q, c);
          }
          return new States(targets);
        },
        states -> {
          int[] each = new int[all.size()];
          for (int i = 0; i < each.length; i++) {
            each[i] = states.all[i] < 0 ? -1 : all.get(i).labels[states.all[i]];
          }
          return labels.of(each);
        });
  }

  /** Accepts what all of them accept. */
  public static CharDfa intersection(Collection<CharDfa> all) {
    CharDfa result = ALL;
    for (CharDfa dfa : all) {
      result =
          result == ALL
              ? dfa
              : product(List.of(result, dfa), labels -> labels[0] >= 0 && labels[1] >= 0 ? 0 : -1);
    }
    return result;
  }

  /** Accepts what one of them accepts. */
  public static CharDfa union(Collection<CharDfa> all) {
    CharDfa result = null;
    for (CharDfa dfa : all) {
      result =
          result == null
              ? dfa
              : product(List.of(result, dfa), labels -> labels[0] >= 0 || labels[1] >= 0 ? 0 : -1);
    }
    return result == null ? ofStrings(List.of(), -1) : result;
  }

  private record States(int[] all) {
    @Override
    public boolean equals(Object other) {
      return other instanceof States states && Arrays.equals(all, states.all);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(all);
    }
  }

  int next(int state, int character) {
    return next[state * classes.count() + classes.of(character)];
  }

  /**
   * The one state that characters from first to last lead to, −1 if they are not allowed, −2 if
   * they lead to different states.
   */
  int next(int state, int first, int last) {
    int[] within = classes.within(first, last);
    int target = next[state * classes.count() + within[0]];
    for (int c : within) {
      if (next[state * classes.count() + c] != target) {
        return -2;
      }
    }
    return target;
  }

  /** The label of a state, negative if it does not accept. */
  int label(int state) {
    return labels[state];
  }

  /** Whether no string is accepted. */
  public boolean isEmpty() {
    return labels[0] < 0 && Arrays.stream(next, 0, classes.count()).allMatch(q -> q < 0);
  }

  /** Whether all strings are accepted, with one label. */
  public boolean isUniversal() {
    return labels.length == 1 && isUniversal(0);
  }

  /** Whether a state accepts all that follows. */
  boolean isUniversal(int state) {
    if (labels[state] < 0) {
      return false;
    }
    int stays = 0;
    for (int c = 0; c < classes.count(); c++) {
      stays += next[state * classes.count() + c] == state ? 1 : 0;
    }
    return stays == classes.count() - 1;
  }

  /** The label of a string, negative if it is not accepted. */
  public int label(String text) {
    int state = 0;
    for (int i = 0; i < text.length() && state >= 0; ) {
      int c = text.codePointAt(i);
      state = c >= 0xD800 && c <= 0xDFFF ? DEAD : next(state, c);
      i += Character.charCount(c);
    }
    return state < 0 ? -1 : labels[state];
  }
}
