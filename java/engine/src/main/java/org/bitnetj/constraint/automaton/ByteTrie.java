package org.bitnetj.constraint.automaton;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;

/**
 * Byte strings one by one, however many, with label 0. A state is what some of them begin with; it
 * takes five bytes.
 */
public final class ByteTrie implements ByteAutomaton {
  /** The last byte of each state, depth first; those that follow the same state ascend. */
  private final byte[] bytes;

  /** By state, the first state that does not begin with it. */
  private final int[] ends;

  private final BitSet accepting = new BitSet();

  /**
   * @param strings of less than 2 GiB together
   */
  public ByteTrie(Collection<byte[]> strings) {
    byte[][] sorted = strings.stream().sorted(Arrays::compareUnsigned).toArray(byte[][]::new);
    int count = 1;
    int longest = 0;
    for (int i = 0; i < sorted.length; i++) {
      count += sorted[i].length - shared(sorted, i);
      longest = Math.max(longest, sorted[i].length);
    }
    this.bytes = new byte[count];
    this.ends = new int[count];
    int[] path = new int[longest + 1]; // by length, the state of the last string's beginning
    int open = 0;
    int next = 1;
    for (int i = 0; i < sorted.length; i++) {
      int shared = shared(sorted, i);
      while (open > shared) {
        ends[path[open--]] = next;
      }
      while (open < sorted[i].length) {
        bytes[next] = sorted[i][open];
        path[++open] = next++;
      }
      accepting.set(path[open]);
    }
    while (open >= 0) {
      ends[path[open--]] = next;
    }
  }

  /** How many bytes a string begins with as the one before it does. */
  private static int shared(byte[][] sorted, int i) {
    int different = i == 0 ? 0 : Arrays.mismatch(sorted[i - 1], sorted[i]);
    return different < 0 ? sorted[i].length : different;
  }

  @Override
  public int start() {
    return 0;
  }

  @Override
  public int step(int state, int b) {
    for (int at = state + 1; at < ends[state] && (bytes[at] & 0xFF) <= b; at = ends[at]) {
      if ((bytes[at] & 0xFF) == b) {
        return at;
      }
    }
    return -1;
  }

  @Override
  public int label(int state) {
    return accepting.get(state) ? 0 : -1;
  }

  @Override
  public boolean continues(int state) {
    return ends[state] > state + 1;
  }

  @Override
  public Key key(int state, int horizon) {
    return new Key(this, state);
  }

  @Override
  public int freeCharacters(int state) {
    return 0;
  }

  @Override
  public boolean isCommon(int state) {
    return false;
  }

  @Override
  public void addBytesTo(BitSet all) {
    for (int state = 1; state < bytes.length; state++) {
      all.set(bytes[state] & 0xFF);
    }
  }
}
