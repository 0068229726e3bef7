package org.bitnetj.constraint.pushdown;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The states of a grammar that were met so far. It only grows, and says how much it holds; whoever
 * uses it starts another when it is too much. Safe to share between threads.
 */
public final class StateTable {
  static final long ROW_BYTES = 1040;

  /** Roughly what a state, its places and frames take. */
  private static final long STATE_BYTES = 400;

  private final Map<Set<Place>, State> states = new ConcurrentHashMap<>();
  private final AtomicLong bytes = new AtomicLong();
  private final State start;
  private final State dead;

  public StateTable(Node grammar) {
    Closure closure = new Closure();
    grammar.enter(Frame.BOTTOM, closure);
    start = of(closure);
    dead = of(new Closure());
  }

  public State start() {
    return start;
  }

  /** The state from which nothing follows. */
  State dead() {
    return dead;
  }

  /** The state of the places that were collected. */
  public State of(Closure closure) {
    State known = states.get(closure.places());
    return known == null ? add(closure.places(), closure.isTruncated()) : known;
  }

  /** This table's state with the places of another table's. */
  public State of(State other) {
    if (other.table() == this) {
      return other;
    }
    Set<Place> places = new LinkedHashSet<>(other.places());
    State known = states.get(places);
    return known == null ? add(places, other.isTruncated()) : known;
  }

  private State add(Set<Place> places, boolean truncated) {
    charge(STATE_BYTES * (1 + places.size() / 4));
    State state = new State(this, places, truncated);
    State known = states.putIfAbsent(places, state);
    return known == null ? state : known;
  }

  /** Counts memory that is held as long as this table. */
  public void charge(long more) {
    bytes.addAndGet(more);
  }

  /** Roughly how many bytes are held. */
  public long bytes() {
    return bytes.get();
  }
}
