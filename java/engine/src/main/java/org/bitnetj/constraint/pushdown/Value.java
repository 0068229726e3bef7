package org.bitnetj.constraint.pushdown;

import java.util.List;
import org.bitnetj.constraint.automaton.ByteAutomaton;

/**
 * A JSON value: one of several kinds, each of which exists. Values may contain themselves, so they
 * are made first and defined later, once.
 */
public final class Value implements Node {
  /**
   * In so many arrays and objects at most the text has a choice; further in only what leads out is
   * left, since readers of JSON have limits too.
   */
  static final int MOST_DEPTH = 100;

  private List<ByteAutomaton> scalars = List.of();
  private List<ArrayRule> arrays = List.of();
  private List<ObjectRule> objects = List.of();
  private int height;

  /**
   * Says what this value is.
   *
   * @param scalars null, booleans, numbers and strings
   */
  public void define(
      List<ByteAutomaton> scalars, List<ArrayRule> arrays, List<ObjectRule> objects) {
    this.scalars = List.copyOf(scalars);
    this.arrays = List.copyOf(arrays);
    this.objects = List.copyOf(objects);
    int least = scalars.isEmpty() ? Integer.MAX_VALUE : 0;
    for (ArrayRule array : arrays) {
      least = Math.min(least, array.height());
    }
    for (ObjectRule object : objects) {
      least = Math.min(least, object.height());
    }
    this.height = least;
  }

  /** The values of a kind that can have a place here. */
  public List<ByteAutomaton> scalars() {
    return scalars;
  }

  public List<ArrayRule> arrays() {
    return arrays;
  }

  public List<ObjectRule> objects() {
    return objects;
  }

  @Override
  public boolean isNullable() {
    return false;
  }

  @Override
  public void enter(Frame rest, Closure closure) {
    for (ByteAutomaton scalar : scalars) {
      closure.add(scalar, scalar.start(), rest);
    }
    boolean deep = rest.depth() >= MOST_DEPTH;
    for (ArrayRule array : arrays) {
      if (!deep || array.height() == height) {
        array.enter(rest, closure);
      }
    }
    for (ObjectRule object : objects) {
      if (!deep || object.height() == height) {
        object.enter(rest, closure);
      }
    }
  }
}
