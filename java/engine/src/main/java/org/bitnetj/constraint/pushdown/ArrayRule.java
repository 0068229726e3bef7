package org.bitnetj.constraint.pushdown;

import java.util.List;

/**
 * Arrays of a length and of values by place.
 *
 * @param first the values of the first places
 * @param others the values of the places after them; not used where {@code max} is not more
 * @param max {@link #UNBOUNDED} for no limit
 * @param height how many levels of nesting the least of them has, itself included
 */
public record ArrayRule(List<Value> first, Value others, int min, int max, int height) {
  public static final int UNBOUNDED = Integer.MAX_VALUE;

  private enum Phase {
    /** After the opening bracket. */
    OPENED,
    /** After an item. */
    ITEM,
    /** After a comma or closing bracket. */
    SEPARATOR
  }

  void enter(Frame rest, Closure closure) {
    closure.add(
        Layout.OPEN_ARRAY, Layout.OPEN_ARRAY.start(), new Inside(this, 0, Phase.OPENED, rest));
  }

  private static final class Inside extends Frame {
    private final ArrayRule rule;
    private final int count;
    private final Phase phase;
    private final int depth;

    Inside(ArrayRule rule, int count, Phase phase, Frame parent) {
      super(parent, (31 * System.identityHashCode(rule) + count) * 31 + phase.ordinal());
      this.rule = rule;
      this.count = count;
      this.phase = phase;
      this.depth = parent.depth() + 1;
    }

    @Override
    int depth() {
      return depth;
    }

    private boolean mayContinue() {
      return count < (depth > Value.MOST_DEPTH ? rule.min : rule.max);
    }

    @Override
    void resume(Closure closure, int label) {
      switch (phase) {
        case OPENED -> {
          if (rule.min == 0) {
            closure.add(Layout.CLOSE_ARRAY, 0, parent());
          }
          if (mayContinue()) {
            item(closure);
          }
        }
        case ITEM ->
            closure.add(
                Layout.separator(false, mayContinue(), count >= rule.min),
                0,
                new Inside(rule, count, Phase.SEPARATOR, parent()));
        case SEPARATOR -> {
          if (label == Layout.COMMA) {
            item(closure);
          } else {
            parent().resume(closure, 0);
          }
        }
      }
    }

    private void item(Closure closure) {
      Value value = count < rule.first.size() ? rule.first.get(count) : rule.others;
      // Without a limit, places that are alike are one.
      int more =
          rule.max == UNBOUNDED
              ? Math.min(count + 1, Math.max(rule.min, rule.first.size()))
              : count + 1;
      value.enter(new Inside(rule, more, Phase.ITEM, parent()), closure);
    }

    @Override
    boolean isLike(Frame other) {
      return other instanceof Inside inside
          && inside.rule == rule
          && inside.count == count
          && inside.phase == phase;
    }
  }
}
