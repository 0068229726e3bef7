package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitnetj.chat.jinja.Value.Bool;
import org.bitnetj.chat.jinja.Value.Dict;
import org.bitnetj.chat.jinja.Value.Int;
import org.bitnetj.chat.jinja.Value.Items;
import org.bitnetj.chat.jinja.Value.None;
import org.bitnetj.chat.jinja.Value.Real;
import org.bitnetj.chat.jinja.Value.Undefined;
import org.jspecify.annotations.Nullable;

/** Computes expressions. Charges every evaluation and every string made to the budget. */
final class Evaluator {
  private final Budget budget;
  private final Filters filters;

  Evaluator(Budget budget) {
    this.budget = budget;
    this.filters = new Filters(budget);
  }

  boolean isTrue(Expression expression, Scope scope) {
    return Values.isTrue(value(expression, scope));
  }

  Value value(Expression expression, Scope scope) {
    budget.step();
    return switch (expression) {
      case Expression.Constant constant -> constant.value();
      case Expression.Name name -> scope.get(name.name());
      case Expression.ListOf list -> new Items(values(list.items(), scope));
      case Expression.DictOf dict -> dict(dict, scope);
      case Expression.Member member ->
          member(value(member.object(), scope), value(member.key(), scope), budget, member.line());
      case Expression.Slice slice -> slice(slice, scope);
      case Expression.Call call -> call(call, scope);
      case Expression.Filter filter ->
          filters.apply(
              filter.name(),
              value(filter.object(), scope),
              arguments(filter.name(), filter.args(), scope, filter.line()));
      case Expression.Test test ->
          Bool.of(
              Tests.holds(
                  test.name(),
                  value(test.object(), scope),
                  arguments(test.name(), test.args(), scope, test.line())));
      case Expression.Unary unary -> unary(unary, scope);
      case Expression.Binary binary ->
          binary(
              binary.operator(),
              value(binary.left(), scope),
              value(binary.right(), scope),
              binary.line());
      case Expression.Comparison comparison -> Bool.of(holds(comparison, scope));
      case Expression.Logic logic -> {
        Value left = value(logic.left(), scope);
        yield Values.isTrue(left) == logic.and() ? value(logic.right(), scope) : left;
      }
      case Expression.Conditional conditional -> {
        if (isTrue(conditional.condition(), scope)) {
          yield value(conditional.then(), scope);
        }
        Expression otherwise = conditional.otherwise();
        yield otherwise == null ? new Undefined("an 'if' without 'else'") : value(otherwise, scope);
      }
    };
  }

  private List<Value> values(List<Expression> expressions, Scope scope) {
    List<Value> values = new ArrayList<>(expressions.size());
    for (Expression expression : expressions) {
      values.add(value(expression, scope));
    }
    return values;
  }

  private Dict dict(Expression.DictOf dict, Scope scope) {
    Map<Text, Value> entries = new LinkedHashMap<>();
    for (int i = 0; i < dict.keys().size(); i++) {
      Text key = Values.print(value(dict.keys().get(i), scope), budget);
      entries.put(key, value(dict.values().get(i), scope));
    }
    return new Dict(entries, false);
  }

  private Arguments arguments(String callee, Expression.Args args, Scope scope, int line) {
    Map<String, Value> named = new LinkedHashMap<>();
    args.named().forEach((name, expression) -> named.put(name, value(expression, scope)));
    return new Arguments(callee, line, values(args.positional(), scope), named, budget);
  }

  private Value call(Expression.Call call, Scope scope) {
    Value function;
    String name = "this";
    if (call.function() instanceof Expression.Member member) {
      Value object = value(member.object(), scope);
      Value key = value(member.key(), scope);
      name = key instanceof Text text ? text.chars() : name;
      Value method = Methods.find(object, name, budget);
      function = method == null ? member(object, key, budget, call.line()) : method;
    } else {
      name = call.function() instanceof Expression.Name n ? n.name() : name;
      function = value(call.function(), scope);
    }
    if (function instanceof Value.Function f) {
      return f.call(arguments(name, call.args(), scope, call.line()));
    }
    throw JinjaException.at(
        call.line(), "'" + name + "' cannot be called, it is " + Values.kind(function));
  }

  /** {@code object[key]} and {@code object.key}; what is not there is undefined. */
  static Value member(Value object, Value key, Budget budget, int line) {
    Value found =
        switch (object) {
          case Dict dict when key instanceof Text name -> dict.entries().get(name);
          case Items list when key instanceof Int i -> {
            int at = index(i.value(), list.items().size());
            yield at < 0 ? null : list.items().get(at);
          }
          case Text text when key instanceof Int i -> {
            budget.search(text.length(), 1);
            int at = index(i.value(), text.codePoints());
            yield at < 0 ? null : text.codePointAt(at);
          }
          case Undefined u -> throw JinjaException.at(line, "'" + u.what() + "' is not defined");
          default -> null;
        };
    return found == null ? new Undefined(key instanceof Text t ? t.chars() : "an index") : found;
  }

  /** Python's index: negative ones count from the end. −1 when out of range. */
  private static int index(long i, int size) {
    long at = i < 0 ? i + size : i;
    return at >= 0 && at < size ? (int) at : -1;
  }

  private Value slice(Expression.Slice slice, Scope scope) {
    Value object = value(slice.object(), scope);
    long step = bound(slice.step(), scope, slice.line(), 1);
    if (step == 0) {
      throw JinjaException.at(slice.line(), "a slice cannot have the step 0");
    }
    List<Value> items = Values.iterate(object, budget, slice.line());
    int size = items.size();
    long from = bound(slice.from(), scope, slice.line(), step > 0 ? 0 : Long.MAX_VALUE);
    long to = bound(slice.to(), scope, slice.line(), step > 0 ? Long.MAX_VALUE : Long.MIN_VALUE);
    // As Python: negative bounds count from the end, all are cut to what there is.
    long low = step > 0 ? 0 : -1;
    long high = step > 0 ? size : size - 1;
    from = Math.clamp(from < 0 && slice.from() != null ? from + size : from, low, high);
    to = Math.clamp(to < 0 && slice.to() != null ? to + size : to, low, high);
    List<Value> kept = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      budget.step();
      kept.add(items.get((int) i));
    }
    if (!(object instanceof Text)) {
      return new Items(kept);
    }
    Text.Builder text = new Text.Builder();
    kept.forEach(character -> text.append((Text) character));
    return text.build();
  }

  private long bound(@Nullable Expression expression, Scope scope, int line, long otherwise) {
    if (expression == null) {
      return otherwise;
    }
    return switch (value(expression, scope)) {
      case Int n -> Math.clamp(n.value(), Integer.MIN_VALUE, Integer.MAX_VALUE);
      case None n -> otherwise;
      case Value other ->
          throw JinjaException.at(line, Values.kind(other) + " cannot be the bound of a slice");
    };
  }

  private Value unary(Expression.Unary unary, Scope scope) {
    Value operand = value(unary.operand(), scope);
    if (unary.operator().equals("not")) {
      return Bool.of(!Values.isTrue(operand));
    }
    boolean minus = unary.operator().equals("-");
    return switch (operand) {
      case Int n -> new Int(minus ? -n.value() : n.value());
      case Real r -> new Real(minus ? -r.value() : r.value());
      default -> throw JinjaException.at(unary.line(), Values.kind(operand) + " has no sign");
    };
  }

  private boolean holds(Expression.Comparison comparison, Scope scope) {
    Value left = value(comparison.operands().getFirst(), scope);
    int line = comparison.line();
    for (int i = 0; i < comparison.operators().size(); i++) {
      Value right = value(comparison.operands().get(i + 1), scope);
      boolean holds =
          switch (comparison.operators().get(i)) {
            case "==" -> Values.equal(left, right, budget);
            case "!=" -> !Values.equal(left, right, budget);
            case "<" -> Values.compare(left, right, budget, line) < 0;
            case "<=" -> Values.compare(left, right, budget, line) <= 0;
            case ">" -> Values.compare(left, right, budget, line) > 0;
            case ">=" -> Values.compare(left, right, budget, line) >= 0;
            case "in" -> Values.contains(right, left, budget, line);
            default -> !Values.contains(right, left, budget, line);
          };
      if (!holds) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private Value binary(String operator, Value left, Value right, int line) {
    if (operator.equals("~")) {
      return join(Values.print(left, budget), Values.print(right, budget));
    }
    if (operator.equals("+") && left instanceof Text a && right instanceof Text b) {
      return join(a, b);
    }
    if (operator.equals("+") && left instanceof Items a && right instanceof Items b) {
      budget.steps((long) a.items().size() + b.items().size());
      List<Value> both = new ArrayList<>(a.items());
      both.addAll(b.items());
      return new Items(both);
    }
    if (operator.equals("*") && left instanceof Text text && right instanceof Int times) {
      return repeat(text, times.value());
    }
    if (!Values.isNumber(left) || !Values.isNumber(right)) {
      throw JinjaException.at(
          line,
          "'"
              + operator
              + "' does not go with "
              + Values.kind(left)
              + " and "
              + Values.kind(right));
    }
    if (!(left instanceof Real) && !(right instanceof Real) && !operator.equals("/")) {
      return new Int(integers(operator, integer(left), integer(right), line));
    }
    double a = Values.number(left);
    double b = Values.number(right);
    return new Real(
        switch (operator) {
          case "+" -> a + b;
          case "-" -> a - b;
          case "*" -> a * b;
          case "/" -> a / nonZero(b, line);
          case "//" -> Math.floor(a / nonZero(b, line));
          default -> a - Math.floor(a / nonZero(b, line)) * b;
        });
  }

  private static long integers(String operator, long a, long b, int line) {
    try {
      return switch (operator) {
        case "+" -> Math.addExact(a, b);
        case "-" -> Math.subtractExact(a, b);
        case "*" -> Math.multiplyExact(a, b);
        case "//" -> Math.floorDivExact(a, b);
        default -> Math.floorMod(a, b);
      };
    } catch (ArithmeticException e) {
      throw JinjaException.at(line, b == 0 ? "there is a division by 0" : "a number is too big");
    }
  }

  private static long integer(Value number) {
    return number instanceof Int n ? n.value() : (long) Values.number(number);
  }

  private static double nonZero(double divisor, int line) {
    if (divisor == 0) {
      throw JinjaException.at(line, "there is a division by 0");
    }
    return divisor;
  }

  private Text join(Text a, Text b) {
    budget.characters((long) a.length() + b.length());
    return a.plus(b);
  }

  private Text repeat(Text text, long times) {
    long count = Math.max(0, times);
    budget.characters(
        Math.multiplyHigh(count, text.length()) != 0 ? Long.MAX_VALUE : count * text.length());
    budget.steps(count);
    Text.Builder out = new Text.Builder();
    for (long i = 0; i < count && !text.isEmpty(); i++) {
      out.append(text);
    }
    return out.build();
  }
}
