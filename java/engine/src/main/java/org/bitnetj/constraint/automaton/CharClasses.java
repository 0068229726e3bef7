package org.bitnetj.constraint.automaton;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.TreeSet;

/**
 * A division of all characters into classes, so that each of some sets is a union of classes: the
 * columns of an automaton's table. Immutable.
 */
final class CharClasses {
  /** First characters of ranges of one class, rising from 0. */
  private final int[] starts;

  private final int[] classes;
  private final int[] members;

  private CharClasses(int[] starts, int[] classes, int count) {
    this.starts = starts;
    this.classes = classes;
    this.members = new int[count];
    for (int i = starts.length - 1; i >= 0; i--) {
      members[classes[i]] = starts[i];
    }
  }

  static CharClasses of(Collection<CharSet> sets) {
    CharSet[] distinct = new HashSet<>(sets).toArray(CharSet[]::new);
    TreeSet<Integer> edges = new TreeSet<>();
    edges.add(0);
    edges.add(Character.MIN_SURROGATE + 0);
    edges.add(Character.MAX_SURROGATE + 1);
    for (CharSet set : distinct) {
      for (int i = 0; i < set.ranges(); i++) {
        edges.add(set.first(i));
        edges.add(set.last(i) + 1);
      }
    }
    edges.remove(CharSet.LAST + 1);
    int[] starts = edges.stream().mapToInt(Integer::intValue).toArray();
    BitSet[] memberships = new BitSet[starts.length];
    Arrays.setAll(memberships, i -> new BitSet());
    for (int s = 0; s < distinct.length; s++) {
      for (int i = 0; i < distinct[s].ranges(); i++) {
        int at = Arrays.binarySearch(starts, distinct[s].first(i));
        while (at < starts.length && starts[at] <= distinct[s].last(i)) {
          memberships[at++].set(s);
        }
      }
    }
    Map<BitSet, Integer> known = new HashMap<>();
    int[] classes = new int[starts.length];
    for (int i = 0; i < starts.length; i++) {
      if (starts[i] == Character.MIN_SURROGATE) {
        memberships[i].set(distinct.length); // never a character: a class of its own
      }
      Integer next = known.size();
      Integer old = known.putIfAbsent(memberships[i], next);
      classes[i] = old == null ? next : old;
    }
    return new CharClasses(starts, classes, known.size());
  }

  /** The coarsest division that is as fine as both. */
  CharClasses and(CharClasses other) {
    TreeSet<Integer> edges = new TreeSet<>();
    for (int start : starts) {
      edges.add(start);
    }
    for (int start : other.starts) {
      edges.add(start);
    }
    int[] all = edges.stream().mapToInt(Integer::intValue).toArray();
    int[] merged = new int[all.length];
    Map<Long, Integer> known = new HashMap<>();
    for (int i = 0; i < all.length; i++) {
      long pair = (long) of(all[i]) << 32 | other.of(all[i]);
      Integer next = known.size();
      Integer old = known.putIfAbsent(pair, next);
      merged[i] = old == null ? next : old;
    }
    return new CharClasses(all, merged, known.size());
  }

  int count() {
    return members.length;
  }

  int of(int character) {
    return classes[rangeOf(character)];
  }

  /** A character of that class; a surrogate if the class has none. */
  int member(int charClass) {
    return members[charClass];
  }

  private int rangeOf(int character) {
    int at = Arrays.binarySearch(starts, character);
    return at >= 0 ? at : -at - 2;
  }

  /** The classes of the characters from first to last, each perhaps several times. */
  int[] within(int first, int last) {
    int from = rangeOf(first);
    int to = rangeOf(last);
    return Arrays.copyOfRange(classes, from, to + 1);
  }
}
