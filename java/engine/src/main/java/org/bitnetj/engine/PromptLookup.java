package org.bitnetj.engine;

import java.util.Arrays;

/**
 * Drafts how a text goes on: as it went on before, where its last few tokens stood last (prompt
 * lookup decoding, Saxena 2023). A summary quotes its source, edited code repeats what is not
 * edited. Whether drafts are right is learned while the text grows, also from drafts that nobody
 * computed. Not thread-safe.
 */
public final class PromptLookup implements Drafter {
  /** The weight of the newest outcome in the mean of all. */
  private static final double RENEWAL = 0.1;

  /** What is assumed before anything is learned. */
  private static final double FIRST_GUESS = 0.5;

  private final Ngrams[] ngrams = {new Ngrams(4), new Ngrams(2)}; // the longer match is asked first
  private final double[] firstRight = new double[ngrams.length];
  private double nextRight = FIRST_GUESS;
  private int[] text;
  private int length;

  /** Where the text says how it goes on; −1 for nowhere. */
  private int source = -1;

  /** The n-grams that found the source; −1 if the tokens since then were right. */
  private int foundBy = -1;

  /**
   * @param prompt what the text begins with
   */
  public PromptLookup(int[] prompt) {
    text = Arrays.copyOf(prompt, Math.max(16, prompt.length * 2));
    Arrays.fill(firstRight, FIRST_GUESS);
    for (int token : prompt) {
      append(token);
    }
    find();
  }

  @Override
  public void accept(int token) {
    boolean right = source >= 0 && text[source] == token;
    if (source >= 0) {
      double outcome = right ? 1 : 0;
      if (foundBy >= 0) {
        firstRight[foundBy] += RENEWAL * (outcome - firstRight[foundBy]);
      } else {
        nextRight += RENEWAL * (outcome - nextRight);
      }
    }
    append(token);
    if (right) {
      source++;
      foundBy = -1;
    } else {
      find();
    }
  }

  private void append(int token) {
    if (length == text.length) {
      text = Arrays.copyOf(text, 2 * length);
    }
    text[length++] = token;
    for (Ngrams each : ngrams) {
      each.add(text, length - 1);
    }
  }

  private void find() {
    source = -1;
    for (int i = 0; i < ngrams.length && source < 0; i++) {
      source = ngrams[i].continuation(text, length);
      foundBy = i;
    }
  }

  @Override
  public boolean hasDraft() {
    return source >= 0;
  }

  @Override
  public double firstRight() {
    return foundBy < 0 ? nextRight : firstRight[foundBy];
  }

  @Override
  public double nextRight() {
    return nextRight;
  }

  /** A source that ends too soon repeats itself. */
  @Override
  public void draft(int[] into, int at, int count) {
    for (int i = 0; i < count; i++) {
      int from = source + i;
      into[at + i] = from < length ? text[from] : into[at + from - length];
    }
  }

  /**
   * Where each sequence of n tokens went on last: a hash table of positions, whose entries are
   * checked against the text.
   */
  private static final class Ngrams {
    private final int n;
    private int[] positions = new int[64]; // behind the n-gram; 0 for none
    private int used;

    Ngrams(int n) {
      this.n = n;
    }

    /** Notes that the n tokens before {@code end} are followed by the one at {@code end}. */
    void add(int[] text, int end) {
      if (end < n) {
        return;
      }
      if (2 * used >= positions.length) {
        grow(text);
      }
      int slot = slot(text, end);
      used += positions[slot] == 0 ? 1 : 0;
      positions[slot] = end;
    }

    /** The position that followed the last n tokens where they stood before; −1 for nowhere. */
    int continuation(int[] text, int length) {
      int found = length < n ? 0 : positions[slot(text, length)];
      return found == 0 ? -1 : found;
    }

    /** The place of the n tokens before {@code end}, or where they would be. */
    private int slot(int[] text, int end) {
      int hash = 0;
      for (int i = end - n; i < end; i++) {
        hash = (hash + text[i]) * 0x9E3779B1;
      }
      int slot = hash >>> 7 & positions.length - 1;
      while (positions[slot] != 0
          && !Arrays.equals(text, positions[slot] - n, positions[slot], text, end - n, end)) {
        slot = slot + 1 & positions.length - 1;
      }
      return slot;
    }

    private void grow(int[] text) {
      int[] before = positions;
      positions = new int[2 * before.length];
      for (int position : before) {
        if (position != 0) {
          positions[slot(text, position)] = position;
        }
      }
    }
  }
}
