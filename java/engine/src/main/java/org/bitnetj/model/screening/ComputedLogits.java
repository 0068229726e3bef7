package org.bitnetj.model.screening;

import java.util.Arrays;

/**
 * Which logits of a row are computed: all, or those of some tokens, and then the row's other
 * elements have no meaning. For one thread at a time.
 */
public final class ComputedLogits {
  private static final int ALL = -1;

  private int[] tokens = new int[64]; // in rising order
  private int count = ALL;

  /** Whether it is all of them. */
  public boolean areAll() {
    return count == ALL;
  }

  /** Of how many tokens, if it is not all. */
  public int count() {
    return count;
  }

  /** The i-th of these tokens, in rising order. */
  public int token(int i) {
    return tokens[i];
  }

  /** Becomes the same as another. */
  public void copy(ComputedLogits source) {
    if (!source.areAll()) {
      reserve(source.count);
      System.arraycopy(source.tokens, 0, tokens, 0, source.count);
    }
    count = source.count;
  }

  void setAll() {
    count = ALL;
  }

  void clear() {
    count = 0;
  }

  /** Adds a token that comes after all that are there. */
  void append(int token) {
    reserve(count + 1);
    tokens[count++] = token;
  }

  /** Adds a token if it is not there yet, and says whether it was added. */
  boolean insert(int token) {
    int at = Arrays.binarySearch(tokens, 0, count, token);
    if (at >= 0) {
      return false;
    }
    reserve(count + 1);
    System.arraycopy(tokens, -at - 1, tokens, -at, count + at + 1);
    tokens[-at - 1] = token;
    count++;
    return true;
  }

  /** How many of the tokens come before this one. */
  public int before(int token) {
    int at = Arrays.binarySearch(tokens, 0, count, token);
    return at < 0 ? -at - 1 : at;
  }

  private void reserve(int capacity) {
    if (capacity > tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(capacity, 2 * tokens.length));
    }
  }
}
