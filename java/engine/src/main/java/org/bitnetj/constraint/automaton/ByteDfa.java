package org.bitnetj.constraint.automaton;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An automaton over bytes as a table. */
public final class ByteDfa implements ByteAutomaton {
  /** Most states of one automaton. */
  private static final int MOST_STATES = 1 << 16;

  private static final int NONE = -1;

  private final byte[] columns;
  private final int width;
  private final int[] next;
  private final int[] labels;
  private final boolean[] continues;
  private final int free;
  private final boolean common;

  private ByteDfa(byte[] columns, int width, int[] next, int[] labels, int free, boolean common) {
    this.common = common;
    this.columns = columns;
    this.width = width;
    this.next = next;
    this.labels = labels;
    this.free = free;
    this.continues = new boolean[labels.length];
    for (int i = 0; i < next.length; i++) {
      continues[i / width] |= next[i] >= 0;
    }
  }

  /**
   * What an automaton is made of: states that equal each other where they behave alike.
   *
   * @param <T> immutable states
   */
  interface Machine<T> {
    T start();

    @Nullable T next(T state, int b);

    /** The label of a state, negative if it does not accept. */
    int label(T state);

    /** Whether all characters may follow, any number of them. */
    default boolean isFree(T state) {
      return false;
    }
  }

  /** The table of a machine, without its dead ends. */
  static <T> ByteDfa of(Machine<T> machine) {
    Map<T, Integer> ids = new HashMap<>();
    List<T> states = new ArrayList<>();
    List<int[]> rows = new ArrayList<>();
    ids.put(machine.start(), 0);
    states.add(machine.start());
    for (int at = 0; at < states.size(); at++) {
      T state = states.get(at);
      int[] row = new int[256];
      int last = 0;
      for (int b = 0; b < 256; b++) {
        T target = machine.next(state, b);
        row[b] = NONE;
        if (target != null) {
          Integer known = ids.putIfAbsent(target, states.size());
          row[b] = known == null ? states.size() : known;
          last = b + 1;
          if (known == null) {
            states.add(target);
            if (states.size() > MOST_STATES) {
              throw new TooManyStatesException(MOST_STATES);
            }
          }
        }
      }
      rows.add(last < 256 ? Arrays.copyOf(row, last) : row);
    }
    int[] labels = states.stream().mapToInt(machine::label).toArray();
    Trimming.deadEnds(rows, labels);
    int[] kept = Trimming.reachable(rows);
    int free = NONE;
    for (int q = 0; q < kept.length; q++) {
      free = kept[q] >= 0 && machine.isFree(states.get(q)) ? kept[q] : free;
    }
    return table(rows, labels, kept, free);
  }

  private static ByteDfa table(List<int[]> rows, int[] labels, int[] kept, int free) {
    byte[] columns = columns(rows, kept);
    int width = 0;
    for (byte column : columns) {
      width = Math.max(width, (column & 0xFF) + 1);
    }
    int count = Arrays.stream(kept).max().orElse(0) + 1;
    int[] next = new int[count * width];
    Arrays.fill(next, NONE);
    int[] keptLabels = new int[count];
    for (int q = 0; q < kept.length; q++) {
      if (kept[q] >= 0) {
        int[] row = rows.get(q);
        keptLabels[kept[q]] = labels[q];
        for (int b = 0; b < row.length; b++) {
          if (row[b] >= 0) {
            next[kept[q] * width + (columns[b] & 0xFF)] = kept[row[b]];
          }
        }
      }
    }
    return new ByteDfa(columns, width, next, keptLabels, free, false);
  }

  /** Gives bytes that lead to the same states everywhere the same column. */
  private static byte[] columns(List<int[]> rows, int[] kept) {
    int[] column = new int[256];
    for (int q = 0; q < kept.length; q++) {
      if (kept[q] >= 0) {
        int[] row = rows.get(q);
        Map<Long, Integer> split = new HashMap<>();
        for (int b = 0; b < 256; b++) {
          long key = (long) column[b] << 32 | ((b < row.length ? row[b] : NONE) & 0xFFFFFFFFL);
          Integer known = split.putIfAbsent(key, split.size());
          column[b] = known == null ? split.size() - 1 : known;
        }
      }
    }
    byte[] columns = new byte[256];
    for (int b = 0; b < 256; b++) {
      columns[b] = (byte) column[b];
    }
    return columns;
  }

  /** Accepts this text alone, in UTF-8, with label 0. */
  public static ByteDfa ofText(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return of(
        new Machine<Integer>() {
          @Override
          public Integer start() {
            return 0;
          }

          @Override
          public @Nullable Integer next(Integer at, int b) {
            return at < bytes.length && (bytes[at] & 0xFF) == b ? at + 1 : null;
          }

          @Override
          public int label(Integer at) {
            return at == bytes.length ? 0 : NONE;
          }
        });
  }

  /** The same for all grammars: a constant. */
  public ByteDfa common() {
    return new ByteDfa(columns, width, next, labels, free, true);
  }

  @Override
  public boolean isCommon(int state) {
    return common;
  }

  @Override
  public int start() {
    return 0;
  }

  @Override
  public int step(int state, int b) {
    return next[state * width + (columns[b] & 0xFF)];
  }

  @Override
  public int label(int state) {
    return labels[state];
  }

  @Override
  public boolean continues(int state) {
    return continues[state];
  }

  @Override
  public Key key(int state, int horizon) {
    return new Key(this, state);
  }

  @Override
  public int freeCharacters(int state) {
    return state == free ? Integer.MAX_VALUE : 0;
  }

  @Override
  public int nearlyFree(int state) {
    int alike = 0;
    for (int b = 0; free >= 0 && b < 256; b++) {
      int target = step(state, b);
      alike += target >= 0 && target == step(free, b) ? 1 : 0;
    }
    return alike > 64 ? free : NONE;
  }

  @Override
  public void addBytesTo(BitSet bytes) {
    for (int b = 0; b < 256; b++) {
      int column = columns[b] & 0xFF;
      for (int at = column; at < next.length && !bytes.get(b); at += width) {
        bytes.set(b, next[at] >= 0);
      }
    }
  }

  /** Whether nothing is accepted. */
  public boolean isEmpty() {
    return !continues[0] && labels[0] < 0;
  }

  /** By state, where each byte that can follow leads to. */
  public int[][] targets() {
    int[][] targets = new int[labels.length][];
    for (int q = 0; q < targets.length; q++) {
      int[] row = new int[256];
      int count = 0;
      for (int b = 0; b < 256; b++) {
        int target = step(q, b);
        if (target >= 0) {
          row[count++] = target;
        }
      }
      targets[q] = Arrays.copyOf(row, count);
    }
    return targets;
  }
}
