package org.bitnetj.constraint.pushdown;

import org.bitnetj.constraint.automaton.ByteDfa;
import org.jspecify.annotations.Nullable;

/**
 * In the name of a member that the object does not have yet. A byte may follow if a name without a
 * place yet begins like that; to know, names are counted.
 */
public final class InName implements Place {
  private final ObjectRule.Inside object;
  private final int state;

  /** What there is of the name, with its opening quote; a char is a byte. */
  private final String prefix;

  /** The names that begin with the prefix. */
  private final int from;

  private final int to;

  private InName(ObjectRule.Inside object, int state, String prefix, int from, int to) {
    this.object = object;
    this.state = state;
    this.prefix = prefix;
    this.from = from;
    this.to = to;
  }

  static InName begin(ObjectRule.Inside object) {
    return new InName(object, 0, "", 0, object.names().size());
  }

  public ByteDfa dfa() {
    return object.rule().names().dfa();
  }

  public int state() {
    return state;
  }

  /** Whether but a few names can follow, so that each byte of them has to be looked at. */
  public boolean isNarrow() {
    return object.onlyRequired() || object.rule().names().isFinite(state);
  }

  /** How many names that begin with the prefix are taken. */
  public int taken() {
    return to - from;
  }

  /** What such a name has after the prefix, its closing quote included; a char is a byte. */
  public String takenRest(int index) {
    return object.names().get(from + index).substring(prefix.length());
  }

  /** The place after another byte of the name, null if there is none. */
  public @Nullable InName next(int b) {
    int next = dfa().step(state, b);
    if (next < 0) {
      return null;
    }
    Names names = object.names();
    int low = names.firstFrom(from, to, prefix.length(), b);
    int high = names.firstFrom(low, to, prefix.length(), b + 1);
    boolean required = object.onlyRequired();
    int count = object.rule().names().count(next, required);
    if (count < NameAutomaton.UNBOUNDED) {
      count -= required ? names.required(low, high) : high - low;
    }
    return count <= 0 ? null : new InName(object, next, prefix + (char) b, low, high);
  }

  /** Whether the name ends here. */
  public boolean isWhole() {
    return dfa().label(state) >= 0;
  }

  /** Adds the places after the name. */
  public void end(Closure closure) {
    object.named(prefix, dfa().label(state), closure);
  }

  @Override
  public void step(int b, Closure closure) {
    InName next = next(b);
    if (next == null) {
      return;
    }
    if (next.isWhole()) {
      next.end(closure);
    } else {
      closure.add(next);
    }
  }

  /** Whether a byte may follow the closing quote. */
  public boolean mayFollow(int b) {
    return Layout.COLON.step(0, b) >= 0;
  }

  /** Adds the places after a name that goes on by {@code rest}, and ends. */
  public void endBy(String rest, int label, Closure closure) {
    object.named(prefix + rest, label, closure);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof InName place
        && place.state == state
        && place.prefix.equals(prefix)
        && place.object.equals(object);
  }

  @Override
  public int hashCode() {
    return 31 * object.hashCode() + prefix.hashCode();
  }
}
