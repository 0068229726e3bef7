package org.bitnetj.constraint.pushdown;

import java.util.Arrays;

/**
 * The names of the members that an object has so far, spelled in bytes with their quotes (a char is
 * a byte) and sorted. Immutable.
 */
public final class Names {
  static final Names NONE = new Names(new String[0], new int[1]);

  private final String[] sorted;

  /** How many of the first i names are required. */
  private final int[] required;

  private final int hash;

  private Names(String[] sorted, int[] required) {
    this.sorted = sorted;
    this.required = required;
    this.hash = Arrays.hashCode(sorted);
  }

  /**
   * These and another one.
   *
   * @param isRequired whether it is a name that the object must have
   */
  Names with(String name, boolean isRequired) {
    int at = ~Arrays.binarySearch(sorted, name);
    String[] more = new String[sorted.length + 1];
    System.arraycopy(sorted, 0, more, 0, at);
    more[at] = name;
    System.arraycopy(sorted, at, more, at + 1, sorted.length - at);
    int[] counts = new int[required.length + 1];
    System.arraycopy(required, 0, counts, 0, at + 1);
    for (int i = at; i < required.length; i++) {
      counts[i + 1] = required[i] + (isRequired ? 1 : 0);
    }
    return new Names(more, counts);
  }

  public int size() {
    return sorted.length;
  }

  public String get(int index) {
    return sorted[index];
  }

  /** How many of the names from {@code from} to {@code to}, exclusive, are required. */
  int required(int from, int to) {
    return required[to] - required[from];
  }

  /**
   * The first name from {@code from} to {@code to}, exclusive, whose byte at {@code position} is at
   * least {@code b}; the names share what is before that.
   */
  int firstFrom(int from, int to, int position, int b) {
    int low = from;
    int high = to;
    while (low < high) {
      int middle = (low + high) >>> 1;
      String name = sorted[middle];
      if (position < name.length() && name.charAt(position) >= b) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Names names
        && hash == names.hash
        && Arrays.equals(sorted, names.sorted);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
