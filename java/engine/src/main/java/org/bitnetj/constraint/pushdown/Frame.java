package org.bitnetj.constraint.pushdown;

import org.jspecify.annotations.Nullable;

/** What follows when a part of a grammar is done, on top of what follows then. Immutable. */
public abstract class Frame {
  private final @Nullable Frame parent;
  private final int hash;

  Frame(@Nullable Frame parent, int ownHash) {
    this.parent = parent;
    this.hash = parent == null ? ownHash : 31 * parent.hash + ownHash;
  }

  /** The bottom of all stacks: when it is reached the text may end. */
  static final Frame BOTTOM =
      new Frame(null, 1) {
        @Override
        void resume(Closure closure, int label) {
          closure.add(Place.END);
        }

        @Override
        boolean isLike(Frame other) {
          return other == this;
        }
      };

  final Frame parent() {
    if (parent == null) {
      throw new IllegalStateException("The bottom of a stack has nothing below it");
    }
    return parent;
  }

  /** How many arrays and objects the text is in. */
  int depth() {
    return parent == null ? 0 : parent.depth();
  }

  /**
   * Adds the places where a text may be when the part above this frame is done.
   *
   * @param label the label of the state in which its automaton ended
   */
  abstract void resume(Closure closure, int label);

  /** Whether another frame is like this one but for what is below it. */
  abstract boolean isLike(Frame other);

  @Override
  public final boolean equals(@Nullable Object other) {
    if (!(other instanceof Frame)) {
      return false;
    }
    Frame a = this;
    Frame b = (Frame) other;
    while (a != b) {
      if (a == null || b == null || a.hash != b.hash || !a.isLike(b)) {
        return false;
      }
      a = a.parent;
      b = b.parent;
    }
    return true;
  }

  @Override
  public final int hashCode() {
    return hash;
  }
}
