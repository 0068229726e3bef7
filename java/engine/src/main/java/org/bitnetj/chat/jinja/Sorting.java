package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.bitnetj.chat.jinja.Value.Bool;
import org.bitnetj.chat.jinja.Value.Items;

/** The filters {@code sort} and {@code dictsort}, which ignore case unless asked not to. */
final class Sorting {
  private record Keyed(Value key, Value item) {}

  private Sorting() {}

  /** Sorts a list by its items or by an attribute of them. */
  static Value sort(Value value, Arguments arguments) {
    arguments.atMost(3, "reverse", "case_sensitive", "attribute");
    List<Value> items = Values.iterate(value, arguments.budget(), arguments.line());
    Value by = arguments.find(2, "attribute");
    List<Value> keys = by == null ? items : Attribute.of(by, null, arguments).inAll(items);
    return sorted(items, keys, 1, 0, arguments);
  }

  /** The entries of a dictionary as pairs, in the order of their keys or values. */
  static Value dictsort(Value value, Arguments arguments) {
    arguments.atMost(3, "case_sensitive", "by", "reverse");
    List<Value> pairs = Methods.items(value, arguments).items();
    boolean byKey = arguments.get(1, "by", Text.trusted("key")).equals(Text.trusted("key"));
    List<Value> keys = new ArrayList<>(pairs.size());
    for (Value pair : pairs) {
      keys.add(((Items) pair).items().get(byKey ? 0 : 1));
    }
    return sorted(pairs, keys, 0, 2, arguments);
  }

  private static Items sorted(
      List<Value> items, List<Value> keys, int caseAt, int reverseAt, Arguments arguments) {
    Budget budget = arguments.budget();
    boolean asIs = Values.isTrue(arguments.get(caseAt, "case_sensitive", Bool.FALSE));
    boolean reverse = Values.isTrue(arguments.get(reverseAt, "reverse", Bool.FALSE));
    List<Keyed> keyed = new ArrayList<>(items.size());
    for (int i = 0; i < items.size(); i++) {
      boolean fold = !asIs && keys.get(i) instanceof Text;
      Value key = fold ? Casing.map((Text) keys.get(i), Casing::lower, budget) : keys.get(i);
      keyed.add(new Keyed(key, items.get(i)));
    }
    Comparator<Keyed> order = (a, b) -> Values.compare(a.key(), b.key(), budget, arguments.line());
    keyed.sort(reverse ? order.reversed() : order);
    return new Items(keyed.stream().map(Keyed::item).toList());
  }
}
