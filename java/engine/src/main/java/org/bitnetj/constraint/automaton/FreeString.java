package org.bitnetj.constraint.automaton;

import java.util.Arrays;
import java.util.BitSet;

/**
 * JSON strings of {@code min} to {@code max} characters (code points), in every spelling that JSON
 * has but surrogates without a partner. It counts, so that limits of any size take no table.
 */
public final class FreeString implements ByteAutomaton {
  /** Strings longer than this are not counted on: no context holds one. */
  public static final int UNBOUNDED = 1 << 26;

  private static final int BITS = 5;
  private static final int OPEN = 0;
  private static final int BODY = 1;
  private static final int CLOSED = 2;
  private static final int DEAD = -1;

  /** By place in the spelling and byte: the next place. */
  private static final byte[][] PLACES = places();

  private final int min;
  private final int max;

  /**
   * @param max {@link #UNBOUNDED} or more for no limit
   */
  public FreeString(int min, int max) {
    if (min < 0 || min > max || min >= UNBOUNDED) {
      throw new IllegalArgumentException("No string has " + min + " to " + max + " characters");
    }
    this.min = min;
    this.max = Math.min(max, UNBOUNDED);
  }

  private static byte[][] places() {
    byte[][] table = new byte[22][256];
    for (byte[] row : table) {
      Arrays.fill(row, (byte) DEAD);
    }
    table[OPEN]['"'] = BODY;
    set(table, BODY, 0x20, 0x7F, BODY);
    table[BODY]['"'] = CLOSED;
    table[BODY]['\\'] = 3;
    for (char c : "\"\\/bfnrt".toCharArray()) {
      table[3][c] = BODY;
    }
    // \\uXXXX: 4 is before the first digit, 5 to 7 before the others.
    table[3]['u'] = 4;
    setHex(table, 4, 0, 15, 5);
    setHex(table, 4, 13, 13, 8);
    setHex(table, 5, 0, 15, 6);
    setHex(table, 6, 0, 15, 7);
    setHex(table, 7, 0, 15, BODY);
    // \\uD8XX to \\uDBXX, then \\uDCXX to \\uDFXX.
    setHex(table, 8, 0, 7, 6);
    setHex(table, 8, 8, 11, 9);
    setHex(table, 9, 0, 15, 10);
    setHex(table, 10, 0, 15, 11);
    table[11]['\\'] = 12;
    table[12]['u'] = 13;
    setHex(table, 13, 13, 13, 14);
    setHex(table, 14, 12, 15, 6);
    // UTF-8 (Unicode's table 3-7): 15 to 17 lack 1 to 3 bytes.
    set(table, BODY, 0xC2, 0xDF, 15);
    set(table, BODY, 0xE1, 0xEF, 16);
    set(table, BODY, 0xE0, 0xE0, 18);
    set(table, BODY, 0xED, 0xED, 19);
    set(table, BODY, 0xF1, 0xF3, 17);
    set(table, BODY, 0xF0, 0xF0, 20);
    set(table, BODY, 0xF4, 0xF4, 21);
    set(table, 15, 0x80, 0xBF, BODY);
    set(table, 16, 0x80, 0xBF, 15);
    set(table, 17, 0x80, 0xBF, 16);
    set(table, 18, 0xA0, 0xBF, 15);
    set(table, 19, 0x80, 0x9F, 15);
    set(table, 20, 0x90, 0xBF, 16);
    set(table, 21, 0x80, 0x8F, 16);
    return table;
  }

  private static void set(byte[][] table, int place, int first, int last, int next) {
    Arrays.fill(table[place], first, last + 1, (byte) next);
  }

  private static void setHex(byte[][] table, int place, int first, int last, int next) {
    for (int digit = first; digit <= last; digit++) {
      char c = Character.forDigit(digit, 16);
      table[place][c] = (byte) next;
      table[place][Character.toUpperCase(c)] = (byte) next;
    }
  }

  @Override
  public int start() {
    return OPEN;
  }

  @Override
  public int step(int state, int b) {
    int place = state & (1 << BITS) - 1;
    int count = state >> BITS;
    int next = PLACES[place][b];
    if (place != BODY || next == DEAD) {
      return next == DEAD ? DEAD : count << BITS | next;
    }
    if (next == CLOSED) {
      return count >= min ? CLOSED : DEAD;
    }
    if (count == max) {
      return DEAD;
    }
    // Without a limit it suffices to know that there are enough.
    int more = max == UNBOUNDED && count >= min ? min : count + 1;
    return more << BITS | next;
  }

  @Override
  public int label(int state) {
    return state == CLOSED ? 0 : -1;
  }

  @Override
  public boolean continues(int state) {
    return state != CLOSED;
  }

  @Override
  public Key key(int state, int horizon) {
    int count = state >> BITS;
    long missing = Math.min(Math.max(min - count, 0), horizon);
    long left = max == UNBOUNDED ? horizon : Math.min(max - count, horizon);
    return new Key(FreeString.class, missing << 40 | left << BITS | (state & (1 << BITS) - 1));
  }

  @Override
  public boolean isCommon(int state) {
    return max == UNBOUNDED && state >> BITS >= min;
  }

  @Override
  public int freeCharacters(int state) {
    if ((state & (1 << BITS) - 1) != BODY) {
      return 0;
    }
    return max == UNBOUNDED ? Integer.MAX_VALUE : max - (state >> BITS);
  }

  @Override
  public void addBytesTo(BitSet bytes) {
    for (byte[] row : PLACES) {
      for (int b = 0; b < 256; b++) {
        if (row[b] != DEAD) {
          bytes.set(b);
        }
      }
    }
  }
}
