package org.bitnetj.sampling;

import java.util.Arrays;

/**
 * The last tokens of a sequence, up to a window: what the penalties look at. Kept in rising order
 * of id, so that one pass over a vocabulary meets them in order. A step costs time linear in the
 * window and, once it is full, no memory.
 */
final class RecentTokens {
  private final int window;
  private int[] inOrder = new int[0];
  private int[] sorted = new int[0];
  private int size;
  private int oldest;

  RecentTokens(int window) {
    this.window = window;
  }

  void add(int token) {
    if (window == 0) {
      return;
    }
    if (size == window) {
      remove(inOrder[oldest]);
      inOrder[oldest] = token;
      oldest = oldest + 1 == window ? 0 : oldest + 1;
    } else {
      if (size == inOrder.length) {
        int capacity = (int) Math.min(window, Math.max(64, 2L * size));
        inOrder = Arrays.copyOf(inOrder, capacity);
        sorted = Arrays.copyOf(sorted, capacity);
      }
      inOrder[size] = token;
    }
    int at = Arrays.binarySearch(sorted, 0, size, token);
    at = at < 0 ? -at - 1 : at;
    System.arraycopy(sorted, at, sorted, at + 1, size - at);
    sorted[at] = token;
    size++;
  }

  private void remove(int token) {
    int at = Arrays.binarySearch(sorted, 0, size, token);
    System.arraycopy(sorted, at + 1, sorted, at, size - at - 1);
    size--;
  }

  /** How often a token is among them. */
  int count(int token) {
    int at = Arrays.binarySearch(sorted, 0, size, token);
    if (at < 0) {
      return 0;
    }
    int first = at;
    while (first > 0 && sorted[first - 1] == token) {
      first--;
    }
    while (at < size && sorted[at] == token) {
      at++;
    }
    return at - first;
  }

  int size() {
    return size;
  }

  /** The i-th smallest of them, repeats counted. */
  int sorted(int i) {
    return sorted[i];
  }
}
