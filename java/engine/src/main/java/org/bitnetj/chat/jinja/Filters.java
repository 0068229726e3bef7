package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bitnetj.chat.jinja.Value.Big;
import org.bitnetj.chat.jinja.Value.Bool;
import org.bitnetj.chat.jinja.Value.Dict;
import org.bitnetj.chat.jinja.Value.Int;
import org.bitnetj.chat.jinja.Value.Items;
import org.bitnetj.chat.jinja.Value.Real;
import org.bitnetj.chat.jinja.Value.Undefined;

/** The filters, which follow {@code |}. */
final class Filters {
  private final Budget budget;

  Filters(Budget budget) {
    this.budget = budget;
  }

  Value apply(String name, Value value, Arguments arguments) {
    if (value instanceof Text text) {
      budget.scan(text.length());
    }
    return switch (name) {
      case "trim" -> Methods.strip(text(value), arguments, true, true);
      case "capitalize" -> Casing.map(text(value), Casing::capitalized, budget);
      case "title" -> Casing.map(text(value), Casing::titledWords, budget);
      case "upper" -> Casing.map(text(value), Casing::upper, budget);
      case "lower" -> Casing.map(text(value), Casing::lower, budget);
      case "string", "safe" -> text(value);
      case "replace" -> Methods.replace(text(value), arguments);
      case "indent" -> indent(text(value), arguments);
      case "length", "count" -> new Int(length(value, arguments));
      case "default", "d" -> otherwise(value, arguments);
      case "tojson" -> Json.write(value, arguments);
      case "join" -> join(value, arguments);
      case "first" -> edge(value, arguments, true);
      case "last" -> edge(value, arguments, false);
      case "list" -> new Items(items(value, arguments));
      case "reverse" -> reverse(value, arguments);
      case "items" -> Methods.items(value, arguments);
      case "sort" -> Sorting.sort(value, arguments);
      case "dictsort" -> Sorting.dictsort(value, arguments);
      case "int" -> integer(value, arguments);
      case "float" -> real(value, arguments);
      case "abs" -> absolute(value, arguments);
      case "map" -> map(value, arguments);
      case "select" -> select(value, arguments, false, true);
      case "reject" -> select(value, arguments, false, false);
      case "selectattr" -> select(value, arguments, true, true);
      case "rejectattr" -> select(value, arguments, true, false);
      default ->
          throw JinjaException.at(arguments.line(), "the filter '" + name + "' is not known");
    };
  }

  private Text text(Value value) {
    return Values.print(value, budget);
  }

  private List<Value> items(Value value, Arguments arguments) {
    return Values.iterate(value, budget, arguments.line());
  }

  private static int length(Value value, Arguments arguments) {
    return switch (value) {
      case Text text -> text.codePoints();
      case Items list -> list.items().size();
      case Dict dict -> dict.entries().size();
      case Undefined u -> 0;
      default -> throw arguments.error("does not go with " + Values.kind(value));
    };
  }

  private static Value otherwise(Value value, Arguments arguments) {
    arguments.atMost(2, "default_value", "boolean");
    boolean alsoFalse = Values.isTrue(arguments.get(1, "boolean", Bool.FALSE));
    boolean missing = value instanceof Undefined || (alsoFalse && !Values.isTrue(value));
    return missing ? arguments.get(0, "default_value", Text.EMPTY) : value;
  }

  private Value join(Value value, Arguments arguments) {
    arguments.atMost(2, "d", "attribute");
    List<Value> items = items(value, arguments);
    Value attribute = arguments.find(1, "attribute");
    if (attribute != null) {
      items = Attribute.of(attribute, null, arguments).inAll(items);
    }
    return Methods.join(text(arguments.get(0, "d", Text.EMPTY)), items, budget);
  }

  private Value edge(Value value, Arguments arguments, boolean first) {
    boolean indexed = value instanceof Text || value instanceof Items;
    Value list = indexed ? value : new Items(items(value, arguments));
    Value edge = Evaluator.member(list, new Int(first ? 0 : -1), budget, arguments.line());
    return edge instanceof Undefined
        ? new Undefined("the " + arguments.callee() + " of nothing")
        : edge;
  }

  private Value reverse(Value value, Arguments arguments) {
    List<Value> reversed = new ArrayList<>(items(value, arguments));
    Collections.reverse(reversed);
    return value instanceof Text ? Methods.join(Text.EMPTY, reversed, budget) : new Items(reversed);
  }

  private Value indent(Text text, Arguments arguments) {
    arguments.atMost(3, "width", "first", "blank");
    Text margin =
        arguments.find(0, "width") instanceof Text given
            ? given
            : Text.trusted(" ".repeat(Math.clamp(arguments.integer(0, "width", 4), 0, 1000)));
    boolean blank = Values.isTrue(arguments.get(2, "blank", Bool.FALSE));
    Text newline = Text.trusted("\n");
    Text.Builder out = new Text.Builder(budget);
    if (Values.isTrue(arguments.get(1, "first", Bool.FALSE))) {
      out.append(margin);
    }
    Text closed = new Text.Builder(budget).append(text).append(newline).build();
    boolean first = true;
    for (Text line : closed.lines(false, budget)) {
      if (!first) {
        out.append(newline);
        out.append(blank || !line.isEmpty() ? margin : Text.EMPTY);
      }
      out.append(line);
      first = false;
    }
    return out.build();
  }

  private static Value integer(Value value, Arguments arguments) {
    arguments.atMost(1, "default");
    Value otherwise = arguments.get(0, "default", new Int(0));
    return switch (value) {
      case Int n -> n;
      case Big n -> n;
      case Bool b -> new Int(b.ordinal());
      case Real r -> truncated(r.value(), otherwise, arguments);
      case Text text -> {
        String digits = numeral(text, arguments.budget());
        Long whole = Numbers.integer(digits);
        Double real = whole == null ? Numbers.real(digits) : null;
        yield whole != null
            ? new Int(whole)
            : real != null ? truncated(real, otherwise, arguments) : otherwise;
      }
      default -> otherwise;
    };
  }

  private static Value truncated(double value, Value otherwise, Arguments arguments) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return otherwise;
    }
    if (Math.abs(value) >= 0x1p63) {
      throw arguments.error("makes a number that is too big");
    }
    return new Int((long) value);
  }

  private static Value real(Value value, Arguments arguments) {
    arguments.atMost(1, "default");
    if (Values.isNumber(value)) {
      arguments.budget().scan(value instanceof Big n ? n.digits().length() : 0);
      return new Real(Values.number(value));
    }
    Double real =
        value instanceof Text text ? Numbers.real(numeral(text, arguments.budget())) : null;
    return real != null ? new Real(real) : arguments.get(0, "default", new Real(0));
  }

  /** A string to read as a number, without the spaces around it. Costs more than a scan. */
  private static String numeral(Text text, Budget budget) {
    budget.steps(text.length());
    return text.strip(true, true, Text::isSpace, budget).chars();
  }

  private static Value absolute(Value value, Arguments arguments) {
    return switch (value) {
      case Int n -> n.value() == Long.MIN_VALUE ? Big.BEYOND : new Int(Math.abs(n.value()));
      case Big n -> {
        arguments.budget().scan(n.digits().length());
        yield n.sign() < 0 ? n.negated() : n;
      }
      case Real r -> new Real(Math.abs(r.value()));
      default -> throw arguments.error("does not go with " + Values.kind(value));
    };
  }

  /** {@code map(attribute='x')} or {@code map('filter', …)}. */
  private Value map(Value value, Arguments arguments) {
    Value spelled = arguments.named().get("attribute");
    List<Value> items = some(value, arguments);
    if (spelled != null) {
      Value otherwise = arguments.named().get("default");
      return new Items(Attribute.of(spelled, otherwise, arguments).inAll(items));
    }
    String filter = arguments.text(0, "filter").chars();
    Arguments rest = arguments.without(1);
    List<Value> mapped = new ArrayList<>(items.size());
    for (Value item : items) {
      mapped.add(apply(filter, item, rest));
    }
    return new Items(mapped);
  }

  /** Keeps the items for which a test of them, or of one of their members, gives {@code keep}. */
  private Value select(Value value, Arguments arguments, boolean ofMember, boolean keep) {
    Attribute attribute =
        ofMember ? Attribute.of(arguments.require(0, "attribute"), null, arguments) : null;
    int testAt = ofMember ? 1 : 0;
    boolean tests = testAt < arguments.positional().size();
    String test = tests ? arguments.text(testAt, "test").chars() : "";
    Arguments rest = arguments.without(testAt + 1);
    List<Value> kept = new ArrayList<>();
    for (Value item : some(value, arguments)) {
      Value tested = attribute == null ? item : attribute.in(item);
      if ((tests ? Tests.holds(test, tested, rest) : Values.isTrue(tested)) == keep) {
        kept.add(item);
      }
    }
    return new Items(kept);
  }

  /** The items of a list. These filters take {@code none} and other false values as empty. */
  private List<Value> some(Value value, Arguments arguments) {
    return Values.isTrue(value) ? items(value, arguments) : List.of();
  }
}
