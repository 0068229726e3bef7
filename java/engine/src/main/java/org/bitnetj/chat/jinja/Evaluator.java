package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitnetj.chat.jinja.Value.Big;
import org.bitnetj.chat.jinja.Value.Bool;
import org.bitnetj.chat.jinja.Value.Dict;
import org.bitnetj.chat.jinja.Value.Int;
import org.bitnetj.chat.jinja.Value.Items;
import org.bitnetj.chat.jinja.Value.None;
import org.bitnetj.chat.jinja.Value.Real;
import org.bitnetj.chat.jinja.Value.Undefined;
import org.jspecify.annotations.Nullable;

/** Computes expressions, and charges each evaluation to the budget. */
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
    budget.enter();
    Value value = compute(expression, scope);
    budget.leave();
    return value;
  }

  private Value compute(Expression expression, Scope scope) {
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
    Map<Value, Value> entries = new LinkedHashMap<>();
    for (int i = 0; i < dict.keys().size(); i++) {
      Value key = value(dict.keys().get(i), scope);
      Value value = value(dict.values().get(i), scope);
      Values.put(entries, key, value, budget, dict.line());
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
        call.line(),
        function instanceof Undefined
            ? "'" + name + "' is not defined"
            : "'" + name + "' cannot be called, it is " + Values.kind(function));
  }

  /** {@code object[key]} or {@code object.key}; undefined if it is missing. */
  static Value member(Value object, Value key, Budget budget, int line) {
    Value found =
        switch (object) {
          case Dict dict -> Values.find(dict, key, budget);
          case Items list when key instanceof Int i -> {
            int at = index(i.value(), list.items().size());
            yield at < 0 ? null : list.items().get(at);
          }
          case Text text when key instanceof Int i -> {
            budget.scan(text.length());
            int at = index(i.value(), text.codePoints());
            yield at < 0 ? null : text.slice(at, at + 1, budget);
          }
          case Undefined u -> throw JinjaException.at(line, "'" + u.what() + "' is not defined");
          default -> null;
        };
    return found == null ? missing(key) : found;
  }

  private static Undefined missing(Value key) {
    return new Undefined(
        switch (key) {
          case Text text -> text.chars();
          case Int n -> "item " + n.value();
          default -> "item";
        });
  }

  /** Python's index, negative from the end; −1 if it is out of range. */
  private static int index(long i, int size) {
    long at = i < 0 ? i + size : i;
    return at >= 0 && at < size ? (int) at : -1;
  }

  private Value slice(Expression.Slice slice, Scope scope) {
    Value object = value(slice.object(), scope);
    int line = slice.line();
    int size =
        switch (object) {
          case Items list -> list.items().size();
          case Text text -> {
            budget.scan(text.length());
            yield text.codePoints();
          }
          default -> throw JinjaException.at(line, Values.kind(object) + " cannot be sliced");
        };
    long step = bound(slice.step(), scope, line, 1);
    if (step == 0) {
      throw JinjaException.at(line, "a slice cannot have the step 0");
    }
    // As in Python, negative bounds count from the end, and all are clamped to the size.
    long low = step > 0 ? 0 : -1;
    long high = step > 0 ? size : size - 1;
    long from = bound(slice.from(), scope, line, step > 0 ? 0 : Long.MAX_VALUE);
    long to = bound(slice.to(), scope, line, step > 0 ? Long.MAX_VALUE : Long.MIN_VALUE);
    from = Math.clamp(from < 0 ? from + size : from, low, high);
    to = Math.clamp(to < 0 && to != Long.MIN_VALUE ? to + size : to, low, high);
    if (object instanceof Text text && step == 1) {
      return text.slice((int) from, (int) Math.max(from, to), budget);
    }
    List<Value> items =
        object instanceof Items list ? list.items() : ((Text) object).characters(budget);
    List<Value> kept = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      budget.step();
      kept.add(items.get((int) i));
    }
    return object instanceof Text ? Methods.join(Text.EMPTY, kept, budget) : new Items(kept);
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
      case Real r -> new Real(minus ? -r.value() : r.value());
      case Big n -> {
        budget.scan(n.digits().length());
        yield minus ? n.negated() : n;
      }
      case Value n when Values.isNumber(n) ->
          new Int(integers(minus ? "-" : "+", 0, Values.integer(n), unary.line()));
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
    if (operator.equals("*") && right instanceof Int times) {
      if (left instanceof Text text) {
        return repeat(text, times.value());
      }
      if (left instanceof Items list) {
        return repeat(list, times.value());
      }
    }
    if (operator.equals("*") && left instanceof Int && !Values.isNumber(right)) {
      return binary(operator, right, left, line);
    }
    if (!Values.isNumber(left) || !Values.isNumber(right)) {
      throw JinjaException.at(
          line,
          "'%s' does not go with %s and %s"
              .formatted(operator, Values.kind(left), Values.kind(right)));
    }
    boolean whole = !(left instanceof Real) && !(right instanceof Real);
    for (Value operand : List.of(left, right)) {
      if (operand instanceof Big n) {
        if (whole) {
          throw JinjaException.at(line, "a number is too big");
        }
        budget.scan(n.digits().length());
      }
    }
    if (whole && !operator.equals("/")) {
      return new Int(integers(operator, Values.integer(left), Values.integer(right), line));
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
          default -> modulo(a, nonZero(b, line));
        });
  }

  /** The remainder with the divisor's sign. */
  private static double modulo(double a, double b) {
    double rest = a % b;
    if (rest == 0) {
      return Math.copySign(0.0, b);
    }
    return rest < 0 == b < 0 ? rest : rest + b;
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

  private static double nonZero(double divisor, int line) {
    if (divisor == 0) {
      throw JinjaException.at(line, "there is a division by 0");
    }
    return divisor;
  }

  private Text join(Text a, Text b) {
    return a.isEmpty() ? b : b.isEmpty() ? a : new Text.Builder(budget).append(a).append(b).build();
  }

  private Text repeat(Text text, long times) {
    Text.Builder out = new Text.Builder(budget);
    for (long i = 0; i < times; i++) {
      budget.step();
      out.append(text);
    }
    return out.build();
  }

  private Items repeat(Items list, long times) {
    List<Value> items = new ArrayList<>();
    for (long i = 0; i < times; i++) {
      budget.steps(1L + list.items().size());
      items.addAll(list.items());
    }
    return new Items(items);
  }
}
