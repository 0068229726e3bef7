package org.bitnetj.constraint.pushdown;

import java.util.Arrays;

/**
 * The names of the members that an object has so far, spelled in bytes with their quotes (a char is
 * a byte) and sorted. Immutable.
 */
public final class Names {
  static final Names NONE = new Names(new String[0]);

  private final String[] sorted;
  private final int hash;

  private Names(String[] sorted) {
    this.sorted = sorted;
    this.hash = Arrays.hashCode(sorted);
  }

  Names with(String name) {
    int at = ~Arrays.binarySearch(sorted, name);
    String[] more = new String[sorted.length + 1];
    System.arraycopy(sorted, 0, more, 0, at);
    more[at] = name;
    System.arraycopy(sorted, at, more, at + 1, sorted.length - at);
    return new Names(more);
  }

  public int size() {
    return sorted.length;
  }

  public String get(int index) {
    return sorted[index];
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
