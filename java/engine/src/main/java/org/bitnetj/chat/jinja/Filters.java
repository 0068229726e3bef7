package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.bitnetj.chat.jinja.Value.Bool;
import org.bitnetj.chat.jinja.Value.Dict;
import org.bitnetj.chat.jinja.Value.Int;
import org.bitnetj.chat.jinja.Value.Items;
import org.bitnetj.chat.jinja.Value.Real;
import org.bitnetj.chat.jinja.Value.Undefined;

/** What may stand after {@code |}. */
final class Filters {
  private final Budget budget;

  Filters(Budget budget) {
    this.budget = budget;
  }

  Value apply(String name, Value value, Arguments arguments) {
    return switch (name) {
      case "trim" -> Methods.strip(text(value), arguments, true, true);
      case "capitalize" -> Methods.capitalize(text(value));
      case "title" -> Methods.titleOfWords(text(value));
      case "upper" -> text(value).map(s -> s.toUpperCase(Locale.ROOT));
      case "lower" -> text(value).map(s -> s.toLowerCase(Locale.ROOT));
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
    Text text = Values.print(value, budget);
    budget.characters(text.length());
    return text;
  }

  private List<Value> items(Value value, Arguments arguments) {
    return Values.iterate(value, budget, arguments.line());
  }

  private static int length(Value value, Arguments arguments) {
    return switch (value) {
      case Text text -> {
        arguments.budget().search(text.length(), 1);
        yield text.codePoints();
      }
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
    Value attribute = arguments.find(1, "attribute");
    List<Value> items = items(value, arguments);
    List<Value> parts = new ArrayList<>(items.size());
    for (Value item : items) {
      parts.add(
          attribute == null ? item : Evaluator.member(item, attribute, budget, arguments.line()));
    }
    return Methods.join(Values.print(arguments.get(0, "d", Text.EMPTY), budget), parts, budget);
  }

  private Value edge(Value value, Arguments arguments, boolean first) {
    List<Value> items = items(value, arguments);
    if (items.isEmpty()) {
      return new Undefined("the " + arguments.callee() + " of nothing");
    }
    return first ? items.getFirst() : items.getLast();
  }

  private Value reverse(Value value, Arguments arguments) {
    List<Value> reversed = new ArrayList<>(items(value, arguments));
    Collections.reverse(reversed);
    budget.steps(reversed.size());
    return value instanceof Text ? Methods.join(Text.EMPTY, reversed, budget) : new Items(reversed);
  }

  private Value indent(Text text, Arguments arguments) {
    arguments.atMost(3, "width", "first", "blank");
    Text margin =
        arguments.find(0, "width") instanceof Text given
            ? given
            : Text.trusted(" ".repeat(Math.clamp(arguments.integer(0, "width", 4), 0, 1000)));
    boolean first = Values.isTrue(arguments.get(1, "first", Bool.FALSE));
    boolean blank = Values.isTrue(arguments.get(2, "blank", Bool.FALSE));
    Text.Builder out = new Text.Builder();
    String separator = "";
    boolean indented = first;
    for (Text line : text.split("\n", -1)) {
      budget.characters(margin.length() + 1L);
      out.append(separator, true);
      if (indented && (blank || !line.isEmpty() || separator.isEmpty())) {
        out.append(margin);
      }
      out.append(line);
      separator = "\n";
      indented = true;
    }
    return out.build();
  }

  private static Value integer(Value value, Arguments arguments) {
    arguments.atMost(2, "default", "base");
    return switch (value) {
      case Int n -> n;
      case Real r -> new Int((long) r.value());
      case Bool b -> new Int(b.ordinal());
      case Text text -> {
        try {
          yield new Int(Long.parseLong(text.chars().strip()));
        } catch (NumberFormatException e) {
          yield arguments.get(0, "default", new Int(0));
        }
      }
      default -> arguments.get(0, "default", new Int(0));
    };
  }

  private static Value real(Value value, Arguments arguments) {
    arguments.atMost(1, "default");
    if (Values.isNumber(value)) {
      return new Real(Values.number(value));
    }
    try {
      return new Real(value instanceof Text text ? Double.parseDouble(text.chars().strip()) : 0);
    } catch (NumberFormatException e) {
      return arguments.get(0, "default", new Real(0));
    }
  }

  private static Value absolute(Value value, Arguments arguments) {
    return switch (value) {
      case Int n -> new Int(Math.abs(n.value()));
      case Real r -> new Real(Math.abs(r.value()));
      default -> throw arguments.error("does not go with " + Values.kind(value));
    };
  }

  /** {@code map(attribute='x')} or {@code map('filter', …)}. */
  private Value map(Value value, Arguments arguments) {
    List<Value> mapped = new ArrayList<>();
    Value attribute = arguments.named().get("attribute");
    for (Value item : items(value, arguments)) {
      budget.step();
      if (attribute == null) {
        mapped.add(apply(arguments.text(0, "filter").chars(), item, rest(arguments, 1)));
        continue;
      }
      Value member = Evaluator.member(item, attribute, budget, arguments.line());
      mapped.add(
          member instanceof Undefined ? arguments.named().getOrDefault("default", member) : member);
    }
    return new Items(mapped);
  }

  /** Keeps the items for which a test of them, or of one of their members, gives {@code keep}. */
  private Value select(Value value, Arguments arguments, boolean ofMember, boolean keep) {
    int testAt = ofMember ? 1 : 0;
    Predicate<Value> test =
        testAt < arguments.positional().size()
            ? item ->
                Tests.holds(
                    arguments.text(testAt, "test").chars(), item, rest(arguments, testAt + 1))
            : Values::isTrue;
    List<Value> kept = new ArrayList<>();
    for (Value item : items(value, arguments)) {
      budget.step();
      Value tested =
          ofMember
              ? Evaluator.member(item, arguments.require(0, "attribute"), budget, arguments.line())
              : item;
      if (test.test(tested) == keep) {
        kept.add(item);
      }
    }
    return new Items(kept);
  }

  private static Arguments rest(Arguments arguments, int from) {
    Map<String, Value> named = new LinkedHashMap<>(arguments.named());
    List<Value> positional = arguments.positional();
    return new Arguments(
        arguments.callee(),
        arguments.line(),
        positional.subList(Math.min(from, positional.size()), positional.size()),
        named,
        arguments.budget());
  }
}
