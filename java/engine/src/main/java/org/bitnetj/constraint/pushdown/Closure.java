package org.bitnetj.constraint.pushdown;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import org.bitnetj.constraint.automaton.ByteAutomaton;

/** Collects the places that are reached without a byte. Used for one state, then thrown away. */
public final class Closure {
  /**
   * Most places of a state. Only alternatives that contain themselves and each other take more;
   * then some that are possible are left out, and what is allowed is still valid.
   */
  private static final int MOST_PLACES = 1000;

  private final Set<Place> places = new LinkedHashSet<>();
  private final Set<Frame> resumed = new HashSet<>();
  private final Set<Frame> begun = new HashSet<>();
  private boolean truncated;

  Set<Place> places() {
    return places;
  }

  void add(Place place) {
    if (places.size() < MOST_PLACES) {
      places.add(place);
    } else {
      truncated = true;
    }
  }

  /** Whether places were left out. */
  boolean isTruncated() {
    return truncated;
  }

  /** Adds a state of an automaton, and what follows if it accepts. */
  public void add(ByteAutomaton automaton, int state, Frame rest) {
    if (automaton.continues(state)) {
      add(new Place.InAutomaton(automaton, state, rest));
    }
    int label = automaton.label(state);
    if (label >= 0) {
      rest.resume(this, label);
    }
  }

  /** Resumes what follows a place that ended with a label. */
  public void resume(Frame frame, int label) {
    frame.resume(this, label);
  }

  /** Whether this frame is resumed for the first time here. */
  boolean isFirst(Frame frame) {
    return resumed.add(frame);
  }

  /** Says that a repetition begins here. */
  void begin(Frame frame) {
    begun.add(frame);
  }

  /** Whether the repetition began here, so that it ends without a byte. */
  boolean hasBegun(Frame frame) {
    return begun.contains(frame);
  }
}
