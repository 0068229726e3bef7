package org.bitnetj.constraint.pushdown;

import java.util.List;

/**
 * Objects by the names of their members, which come in any order and at most once each.
 *
 * @param names which names there are
 * @param values the members' values by the labels of their names
 * @param max {@link #UNBOUNDED} for no limit
 * @param height how many levels of nesting the least of them has, itself included
 */
public record ObjectRule(NameAutomaton names, List<Value> values, int min, int max, int height) {
  public static final int UNBOUNDED = Integer.MAX_VALUE;

  enum Phase {
    /** After the opening bracket. */
    OPENED,
    /** After a name and its colon. */
    COLON,
    /** After a member. */
    MEMBER,
    /** After a comma or closing bracket. */
    SEPARATOR
  }

  void enter(Frame rest, Closure closure) {
    Inside inside = new Inside(this, Names.NONE, names.required(), -1, Phase.OPENED, rest);
    closure.add(Layout.OPEN_OBJECT, 0, inside);
  }

  /** An object with some members. */
  static final class Inside extends Frame {
    private final ObjectRule rule;
    private final Names names;
    private final int missing;
    private final int label;
    private final Phase phase;
    private final int depth;

    /**
     * @param missing how many required names are missing
     * @param label of the name whose value comes next, else −1
     */
    Inside(ObjectRule rule, Names names, int missing, int label, Phase phase, Frame parent) {
      super(
          parent,
          ((31 * System.identityHashCode(rule) + names.hashCode()) * 31 + label) * 31
              + phase.ordinal());
      this.rule = rule;
      this.names = names;
      this.missing = missing;
      this.label = label;
      this.phase = phase;
      this.depth = parent.depth() + 1;
    }

    @Override
    int depth() {
      return depth;
    }

    ObjectRule rule() {
      return rule;
    }

    Names names() {
      return names;
    }

    /** Whether only required names may follow. */
    boolean onlyRequired() {
      int count = names.size() + missing;
      return count >= rule.max || (depth > Value.MOST_DEPTH && count >= rule.min);
    }

    private boolean mayContinue() {
      return onlyRequired() ? missing > 0 : rule.names.count() - names.size() > 0;
    }

    private boolean mayClose() {
      return missing == 0 && names.size() >= rule.min;
    }

    @Override
    void resume(Closure closure, int ended) {
      switch (phase) {
        case OPENED -> {
          if (mayClose()) {
            closure.add(Layout.CLOSE_OBJECT, 0, parent());
          }
          if (mayContinue()) {
            closure.add(InName.begin(this));
          }
        }
        case COLON -> rule.values.get(label).enter(with(-1, Phase.MEMBER), closure);
        case MEMBER ->
            closure.add(
                Layout.separator(true, mayContinue(), mayClose()), 0, with(-1, Phase.SEPARATOR));
        case SEPARATOR -> {
          if (ended == Layout.COMMA) {
            closure.add(InName.begin(this));
          } else {
            parent().resume(closure, 0);
          }
        }
      }
    }

    private Inside with(int nextLabel, Phase next) {
      return new Inside(rule, names, missing, nextLabel, next, parent());
    }

    /** Adds what follows the closing quote of a new name. */
    void named(String name, int nameLabel, Closure closure) {
      boolean required = nameLabel < rule.names.required();
      int left = required ? missing - 1 : missing;
      closure.add(
          Layout.COLON,
          0,
          new Inside(rule, names.with(name, required), left, nameLabel, Phase.COLON, parent()));
    }

    @Override
    boolean isLike(Frame other) {
      return other instanceof Inside inside
          && inside.rule == rule
          && inside.phase == phase
          && inside.label == label
          && inside.names.equals(names);
    }
  }
}
