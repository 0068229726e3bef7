package org.bitnetj.constraint.pushdown;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All places where a text may be. One object of a {@link StateTable} for each set of places, with
 * the states that follow it as far as they were asked for. Safe to share between threads.
 */
public final class State {
  private final StateTable table;
  private final List<Place> places;
  private final boolean takesBytes;
  private final boolean takesBytesOnly;
  private final boolean mayEnd;
  private final boolean truncated;
  private volatile State @Nullable [] next;
  private volatile long @Nullable [] mask;

  State(StateTable table, Set<Place> places, boolean truncated) {
    this.table = table;
    this.truncated = truncated;
    this.places = List.copyOf(places);
    this.mayEnd = places.contains(Place.END);
    long others =
        places.stream()
            .filter(place -> place instanceof Place.AtEnd || place instanceof Place.AtToken)
            .count();
    this.takesBytes = others < places.size();
    this.takesBytesOnly = takesBytes && others == 0;
  }

  public StateTable table() {
    return table;
  }

  public List<Place> places() {
    return places;
  }

  /** Whether no text continues from here. */
  public boolean isDead() {
    return places.isEmpty();
  }

  /** Whether the text may end here. */
  public boolean mayEnd() {
    return mayEnd;
  }

  /** Whether the end is all that is left. */
  public boolean mustEnd() {
    return mayEnd && places.size() == 1;
  }

  /** Whether a byte may follow. */
  public boolean takesBytes() {
    return takesBytes;
  }

  /** The state after a byte (0 to 255); a dead one if the byte cannot follow. */
  public State step(int b) {
    State[] known = next;
    if (known == null) {
      known = new State[256];
      table.charge(StateTable.ROW_BYTES);
      next = known;
    }
    // Two threads may find the same state at the same time; it is one object all the same.
    State state = known[b];
    if (state == null) {
      Closure closure = new Closure();
      for (Place place : places) {
        place.step(b, closure);
      }
      state = table.of(closure);
      known[b] = state;
    }
    return state;
  }

  /**
   * The state after a token; a dead one if it cannot follow.
   *
   * @param bytes the token's text, empty if it is not text
   */
  public State step(int token, byte[] bytes) {
    Closure closure = new Closure();
    for (Place place : places) {
      if (place instanceof Place.AtToken(int id, Frame rest) && id == token) {
        rest.resume(closure, 0);
      }
    }
    State asText = step(bytes);
    if (closure.places().isEmpty()) {
      return asText;
    }
    asText.places.forEach(closure::add);
    return table.of(closure);
  }

  private State step(byte[] bytes) {
    boolean complete = true;
    State at = bytes.length == 0 ? table.dead() : this;
    for (int i = 0; i < bytes.length && !at.isDead(); i++) {
      at = at.step(bytes[i] & 0xFF);
      complete &= !at.truncated;
    }
    // A mask looks at each place by itself, so it sees those that were left out here.
    for (int i = 0; i < places.size() && at.isDead() && !complete && places.size() > 1; i++) {
      Closure closure = new Closure();
      closure.add(places.get(i));
      at = table.of(closure).step(bytes);
    }
    return at;
  }

  /** Whether places were left out. */
  boolean isTruncated() {
    return truncated;
  }

  /** The one byte that may follow; negative if none or several may, or something else. */
  public int onlyByte() {
    int only = -1;
    for (int b = 0; takesBytesOnly && b < 256; b++) {
      if (!step(b).isDead()) {
        if (only >= 0) {
          return -1;
        }
        only = b;
      }
    }
    return only;
  }

  /** The mask that {@link #keep} was given, if any. */
  public long @Nullable [] mask() {
    return mask;
  }

  /** Keeps a mask of the tokens that may follow. */
  public void keep(long[] tokens) {
    table.charge(8L * tokens.length);
    mask = tokens;
  }
}
