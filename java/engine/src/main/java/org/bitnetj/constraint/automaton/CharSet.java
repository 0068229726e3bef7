package org.bitnetj.constraint.automaton;

import java.util.Arrays;
import java.util.function.IntPredicate;

/** An immutable set of Unicode scalar values: code points without surrogates. */
final class CharSet {
  static final int LAST = Character.MAX_CODE_POINT;
  static final CharSet NONE = new CharSet(new int[0]);
  static final CharSet ALL =
      new CharSet(new int[] {0, Character.MIN_SURROGATE - 1, Character.MAX_SURROGATE + 1, LAST});

  /** First and last of each range, rising; ranges neither touch nor overlap. */
  private final int[] bounds;

  private CharSet(int[] bounds) {
    this.bounds = bounds;
  }

  /** The characters of one range, both ends included; surrogates are left out. */
  static CharSet range(int first, int last) {
    return new CharSet(new int[] {first, last}).and(ALL);
  }

  static CharSet of(int character) {
    return range(character, character);
  }

  /** The characters of which something is true. */
  static CharSet where(IntPredicate test) {
    int[] found = new int[64];
    int count = 0;
    boolean inside = false;
    for (int c = 0; c <= LAST + 1; c++) {
      boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
      if ((c <= LAST && !surrogate && test.test(c)) != inside) {
        found = count == found.length ? Arrays.copyOf(found, 2 * count) : found;
        found[count++] = inside ? c - 1 : c;
        inside = !inside;
      }
    }
    return new CharSet(Arrays.copyOf(found, count));
  }

  CharSet or(CharSet other) {
    return combine(other, 1);
  }

  CharSet and(CharSet other) {
    return combine(other, 2);
  }

  CharSet not() {
    return new CharSet(complement(bounds)).and(ALL);
  }

  private static int[] complement(int[] bounds) {
    int[] out = new int[bounds.length + 2];
    int count = 0;
    int next = 0;
    for (int i = 0; i < bounds.length; i += 2) {
      if (bounds[i] > next) {
        out[count++] = next;
        out[count++] = bounds[i] - 1;
      }
      next = bounds[i + 1] + 1;
    }
    if (next <= LAST) {
      out[count++] = next;
      out[count++] = LAST;
    }
    return Arrays.copyOf(out, count);
  }

  /** The characters that are in at least {@code needed} of the two sets. */
  private CharSet combine(CharSet other, int needed) {
    int[] a = bounds;
    int[] b = other.bounds;
    int[] out = new int[a.length + b.length];
    int count = 0;
    int i = 0;
    int j = 0;
    while (i < a.length || j < b.length) {
      // The next place where one of the sets changes, just before its character.
      int edgeA = i == a.length ? Integer.MAX_VALUE : a[i] + (i & 1);
      int edgeB = j == b.length ? Integer.MAX_VALUE : b[j] + (j & 1);
      int edge = Math.min(edgeA, edgeB);
      boolean before = (i & 1) + (j & 1) >= needed;
      i += edgeA == edge ? 1 : 0;
      j += edgeB == edge ? 1 : 0;
      boolean after = (i & 1) + (j & 1) >= needed;
      if (before != after) {
        out[count++] = after ? edge : edge - 1;
      }
    }
    return new CharSet(Arrays.copyOf(out, count));
  }

  boolean contains(int character) {
    int at = Arrays.binarySearch(bounds, character);
    return at >= 0 || (~at & 1) == 1;
  }

  int ranges() {
    return bounds.length / 2;
  }

  int first(int range) {
    return bounds[2 * range];
  }

  int last(int range) {
    return bounds[2 * range + 1];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CharSet set && Arrays.equals(bounds, set.bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }
}
