package org.bitnetj.constraint.pushdown;

import java.util.List;
import org.bitnetj.constraint.automaton.ByteAutomaton;

/** A grammar. At least one text has it. Immutable once built. */
public sealed interface Node
    permits Node.Terminal, Node.Token, Node.Sequence, Node.Choice, Node.Repeat, Value {
  /** Whether the empty text has it. */
  boolean isNullable();

  /** Adds the places at its beginning, before what {@code rest} says. */
  void enter(Frame rest, Closure closure);

  /** What an automaton accepts. */
  record Terminal(ByteAutomaton automaton) implements Node {
    @Override
    public boolean isNullable() {
      return automaton.label(automaton.start()) >= 0;
    }

    @Override
    public void enter(Frame rest, Closure closure) {
      closure.add(automaton, automaton.start(), rest);
    }
  }

  /** A special token. */
  record Token(int id) implements Node {
    @Override
    public boolean isNullable() {
      return false;
    }

    @Override
    public void enter(Frame rest, Closure closure) {
      closure.add(new Place.AtToken(id, rest));
    }
  }

  record Sequence(List<Node> parts) implements Node {
    @Override
    public boolean isNullable() {
      return parts.stream().allMatch(Node::isNullable);
    }

    @Override
    public void enter(Frame rest, Closure closure) {
      enter(0, rest, closure);
    }

    private void enter(int from, Frame rest, Closure closure) {
      if (from == parts.size()) {
        rest.resume(closure, 0);
      } else if (from == parts.size() - 1) {
        parts.get(from).enter(rest, closure);
      } else {
        parts.get(from).enter(new After(this, from + 1, rest), closure);
      }
    }

    /** The parts from one on are left. */
    private static final class After extends Frame {
      private final Sequence sequence;
      private final int part;

      After(Sequence sequence, int part, Frame parent) {
        super(parent, 31 * System.identityHashCode(sequence) + part);
        this.sequence = sequence;
        this.part = part;
      }

      @Override
      void resume(Closure closure, int label) {
        if (closure.isFirst(this)) {
          sequence.enter(part, parent(), closure);
        }
      }

      @Override
      boolean isLike(Frame other) {
        return other instanceof After after && after.sequence == sequence && after.part == part;
      }
    }
  }

  record Choice(List<Node> parts) implements Node {
    @Override
    public boolean isNullable() {
      return parts.stream().anyMatch(Node::isNullable);
    }

    @Override
    public void enter(Frame rest, Closure closure) {
      parts.forEach(part -> part.enter(rest, closure));
    }
  }

  /**
   * @param max {@link #UNBOUNDED} for no limit
   */
  record Repeat(Node part, int min, int max) implements Node {
    public static final int UNBOUNDED = Integer.MAX_VALUE;

    @Override
    public boolean isNullable() {
      return min == 0 || part.isNullable();
    }

    @Override
    public void enter(Frame rest, Closure closure) {
      enter(0, rest, closure);
    }

    private void enter(int count, Frame rest, Closure closure) {
      // Empty repetitions would make up what is missing.
      if (count >= min || part.isNullable()) {
        rest.resume(closure, 0);
      }
      if (count < max) {
        After after =
            new After(this, max == UNBOUNDED ? Math.min(count + 1, min) : count + 1, rest);
        closure.begin(after);
        part.enter(after, closure);
      }
    }

    /** So many repetitions are done. */
    private static final class After extends Frame {
      private final Repeat repeat;
      private final int count;

      After(Repeat repeat, int count, Frame parent) {
        super(parent, 31 * System.identityHashCode(repeat) + count);
        this.repeat = repeat;
        this.count = count;
      }

      @Override
      void resume(Closure closure, int label) {
        if (closure.isFirst(this) && !closure.hasBegun(this)) {
          repeat.enter(count, parent(), closure);
        }
      }

      @Override
      boolean isLike(Frame other) {
        return other instanceof After after && after.repeat == repeat && after.count == count;
      }
    }
  }
}
