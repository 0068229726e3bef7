package org.bitnetj.constraint.schema;

import java.util.ArrayList;
import java.util.List;
import org.bitnetj.constraint.automaton.ByteAutomaton;
import org.bitnetj.constraint.automaton.CharDfa;
import org.bitnetj.constraint.pushdown.Value;

/** A value under a conjunction of schemas, of which it is not yet known whether one exists. */
final class Draft {
  /** The height of values that do not exist. */
  static final int NONE = Integer.MAX_VALUE;

  record Items(List<Draft> first, Draft others, int min, int max) {}

  /**
   * @param names accepts the names that there may be, labelled by the places of their values
   * @param required how many of the first labels are names that are required, one each
   */
  record Members(CharDfa names, int required, List<Draft> values, int min, int max) {}

  final List<ByteAutomaton> scalars = new ArrayList<>();
  final List<Items> arrays = new ArrayList<>();
  final List<Members> objects = new ArrayList<>();

  /** The drafts that its parts have. */
  List<Draft> inner() {
    List<Draft> inner = new ArrayList<>();
    for (Items items : arrays) {
      inner.addAll(items.first);
      inner.add(items.others);
    }
    objects.forEach(members -> inner.addAll(members.values));
    return inner;
  }

  /** How many levels of nesting the least value has, as far as is known. */
  int height = NONE;

  final Value value = new Value();
}
