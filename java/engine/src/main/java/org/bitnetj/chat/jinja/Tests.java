package org.bitnetj.chat.jinja;

import org.bitnetj.chat.jinja.Value.Big;
import org.bitnetj.chat.jinja.Value.Bool;
import org.bitnetj.chat.jinja.Value.Dict;
import org.bitnetj.chat.jinja.Value.Int;
import org.bitnetj.chat.jinja.Value.Items;
import org.bitnetj.chat.jinja.Value.None;
import org.bitnetj.chat.jinja.Value.Real;
import org.bitnetj.chat.jinja.Value.Undefined;

/** The tests, which follow {@code is}. */
final class Tests {
  private Tests() {}

  static boolean holds(String name, Value value, Arguments arguments) {
    return switch (name) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value == None.NONE;
      case "string" -> value instanceof Text;
      case "number" -> Values.isNumber(value);
      case "integer" -> value instanceof Int || value instanceof Big;
      case "float" -> value instanceof Real;
      case "boolean" -> value instanceof Bool;
      case "true" -> value == Bool.TRUE;
      case "false" -> value == Bool.FALSE;
      case "mapping" -> value instanceof Dict dict && !dict.mutable();
      case "sequence", "iterable" ->
          value instanceof Items
              || value instanceof Text
              || value instanceof Dict
              || value instanceof Undefined;
      case "callable" -> value instanceof Value.Function;
      case "odd" -> remainder(value, 2, arguments) == 1;
      case "even" -> remainder(value, 2, arguments) == 0;
      case "divisibleby" -> remainder(value, arguments.integer(0, "num", 1), arguments) == 0;
      case "upper" -> isAll(value, true, arguments.budget());
      case "lower" -> isAll(value, false, arguments.budget());
      case "sameas" -> same(value, other(arguments), arguments.budget());
      case "equalto", "eq", "==" -> Values.equal(value, other(arguments), arguments.budget());
      case "ne", "!=" -> !Values.equal(value, other(arguments), arguments.budget());
      case "lt", "lessthan", "<" -> compare(value, arguments) < 0;
      case "le", "<=" -> compare(value, arguments) <= 0;
      case "gt", "greaterthan", ">" -> compare(value, arguments) > 0;
      case "ge", ">=" -> compare(value, arguments) >= 0;
      case "in" -> Values.contains(other(arguments), value, arguments.budget(), arguments.line());
      default -> throw JinjaException.at(arguments.line(), "the test '" + name + "' is not known");
    };
  }

  private static boolean isAll(Value value, boolean upper, Budget budget) {
    Text text = Values.print(value, budget);
    budget.scan(text.length());
    return Casing.isAll(text.chars(), upper);
  }

  /** Python's {@code is}: two equal lists or dictionaries are not the same. */
  private static boolean same(Value a, Value b, Budget budget) {
    return switch (a) {
      case Items list -> a == b;
      case Dict dict -> a == b;
      default -> a.getClass() == b.getClass() && Values.equal(a, b, budget);
    };
  }

  private static int compare(Value value, Arguments arguments) {
    return Values.compare(value, other(arguments), arguments.budget(), arguments.line());
  }

  private static Value other(Arguments arguments) {
    return arguments.require(0, "other");
  }

  private static long remainder(Value value, int divisor, Arguments arguments) {
    if (value instanceof Big) {
      throw arguments.error("does not go with a number that is too big");
    }
    if (!(value instanceof Int || value instanceof Bool) || divisor == 0) {
      throw arguments.error("does not go with " + Values.kind(value));
    }
    return Math.floorMod(Values.integer(value), (long) divisor);
  }
}
