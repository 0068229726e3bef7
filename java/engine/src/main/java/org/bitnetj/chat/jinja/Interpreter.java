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
import org.bitnetj.chat.jinja.Value.Undefined;
import org.jspecify.annotations.Nullable;

/** Runs the statements of a template once. Not thread-safe. */
final class Interpreter {
  private enum Outcome {
    DONE,
    BREAK,
    CONTINUE
  }

  private final Budget budget;
  private final Evaluator evaluator;
  private Text.Builder out;

  Interpreter(Budget budget) {
    this.budget = budget;
    this.out = new Text.Builder(budget);
    this.evaluator = new Evaluator(budget);
  }

  Text render(List<Node> nodes, Scope scope) {
    run(nodes, scope);
    return out.build();
  }

  private Outcome run(List<Node> nodes, Scope scope) {
    for (Node node : nodes) {
      Outcome outcome = run(node, scope);
      if (outcome != Outcome.DONE) {
        return outcome;
      }
    }
    return Outcome.DONE;
  }

  private Outcome run(Node node, Scope scope) {
    budget.enter();
    Outcome outcome = perform(node, scope);
    budget.leave();
    return outcome;
  }

  private Outcome perform(Node node, Scope scope) {
    switch (node) {
      case Node.Data data -> out.append(data.text());
      case Node.Print print ->
          out.append(Values.print(evaluator.value(print.expression(), scope), budget));
      case Node.If branching -> {
        for (Node.Branch branch : branching.branches()) {
          if (evaluator.isTrue(branch.condition(), scope)) {
            return run(branch.body(), scope);
          }
        }
        return run(branching.otherwise(), scope);
      }
      case Node.For loop -> {
        return run(loop, scope);
      }
      case Node.Set set -> {
        Value value = evaluator.value(set.value(), scope);
        assign(set.names(), value, scope, set.line());
      }
      case Node.SetMember set -> setMember(set, scope);
      case Node.SetBlock set -> scope.set(set.name(), capture(set.body(), new Scope(scope)));
      case Node.Macro macro -> scope.set(macro.name(), function(macro, scope));
      case Node.LoopControl control -> {
        return control == Node.LoopControl.BREAK ? Outcome.BREAK : Outcome.CONTINUE;
      }
    }
    return Outcome.DONE;
  }

  private Text capture(List<Node> body, Scope scope) {
    Text.Builder outer = out;
    out = new Text.Builder(budget);
    run(body, scope);
    Text text = out.build();
    out = outer;
    return text;
  }

  private Outcome run(Node.For loop, Scope scope) {
    List<Value> items = Values.iterate(evaluator.value(loop.items(), scope), budget, loop.line());
    Expression filter = loop.filter();
    if (filter != null) {
      List<Value> kept = new ArrayList<>();
      for (Value item : items) {
        Scope inner = new Scope(scope);
        assign(loop.names(), item, inner, loop.line());
        if (evaluator.isTrue(filter, inner)) {
          kept.add(item);
        }
      }
      items = kept;
    }
    if (items.isEmpty()) {
      return run(loop.otherwise(), scope);
    }
    for (int i = 0; i < items.size(); i++) {
      budget.step();
      Scope inner = new Scope(scope);
      assign(loop.names(), items.get(i), inner, loop.line());
      inner.set("loop", loopVariable(items, i));
      if (run(loop.body(), inner) == Outcome.BREAK) {
        break;
      }
    }
    return Outcome.DONE;
  }

  private static Value loopVariable(List<Value> items, int i) {
    int last = items.size() - 1;
    Map<Value, Value> loop = new LinkedHashMap<>();
    loop.put(Text.trusted("index"), new Int(i + 1));
    loop.put(Text.trusted("index0"), new Int(i));
    loop.put(Text.trusted("revindex"), new Int(last - i + 1));
    loop.put(Text.trusted("revindex0"), new Int(last - i));
    loop.put(Text.trusted("first"), Bool.of(i == 0));
    loop.put(Text.trusted("last"), Bool.of(i == last));
    loop.put(Text.trusted("length"), new Int(items.size()));
    loop.put(Text.trusted("depth"), new Int(1));
    loop.put(Text.trusted("depth0"), new Int(0));
    loop.put(Text.trusted("previtem"), i > 0 ? items.get(i - 1) : new Undefined("loop.previtem"));
    loop.put(
        Text.trusted("nextitem"), i < last ? items.get(i + 1) : new Undefined("loop.nextitem"));
    Value.Function cycle =
        arguments -> {
          List<Value> values = arguments.positional();
          if (values.isEmpty()) {
            throw arguments.error("needs values to cycle through");
          }
          return values.get(i % values.size());
        };
    loop.put(Text.trusted("cycle"), cycle);
    return new Dict(loop, false);
  }

  private void assign(List<String> names, Value value, Scope scope, int line) {
    if (names.size() == 1) {
      scope.set(names.getFirst(), value);
      return;
    }
    List<Value> parts = Values.iterate(value, budget, line);
    if (parts.size() != names.size()) {
      throw JinjaException.at(
          line, parts.size() + " values cannot be given to " + names.size() + " names");
    }
    for (int i = 0; i < parts.size(); i++) {
      scope.set(names.get(i), parts.get(i));
    }
  }

  private void setMember(Node.SetMember set, Scope scope) {
    if (scope.get(set.object()) instanceof Dict dict && dict.mutable()) {
      dict.entries().put(Text.trusted(set.name()), evaluator.value(set.value(), scope));
      return;
    }
    throw JinjaException.at(
        set.line(), "only a namespace has members to set, and '" + set.object() + "' is not one");
  }

  private Value function(Node.Macro macro, Scope definedIn) {
    Value.Function function =
        arguments -> {
          budget.steps(macro.parameters().size());
          arguments.atMost(macro.parameters().size(), macro.parameters());
          Scope scope = new Scope(definedIn);
          int place = 0;
          for (String name : macro.parameters()) {
            Value given = arguments.find(place++, name);
            scope.set(name, given != null ? given : defaultOf(macro, name, scope));
          }
          return capture(macro.body(), scope);
        };
    return function;
  }

  private Value defaultOf(Node.Macro macro, String name, Scope scope) {
    @Nullable Expression otherwise = macro.defaults().get(name);
    return otherwise == null ? new Undefined(name) : evaluator.value(otherwise, scope);
  }

  /** The functions every template may call. */
  static void addGlobals(Scope scope) {
    Value.Function raise =
        arguments -> {
          throw JinjaException.raised(arguments.text(0, "message").chars());
        };
    scope.set("raise_exception", raise);
    Value.Function namespace = arguments -> dict(arguments, true);
    scope.set("namespace", namespace);
    Value.Function dict = arguments -> dict(arguments, false);
    scope.set("dict", dict);
    Value.Function range = Interpreter::range;
    scope.set("range", range);
    scope.set("none", None.NONE);
  }

  private static Value dict(Arguments arguments, boolean mutable) {
    Map<Value, Value> entries = new LinkedHashMap<>();
    for (Value base : arguments.positional()) {
      if (!(base instanceof Dict other)) {
        throw arguments.error("takes names and values, or a dictionary");
      }
      arguments.budget().steps(other.entries().size());
      entries.putAll(other.entries());
    }
    arguments.named().forEach((name, value) -> entries.put(Text.trusted(name), value));
    return new Dict(entries, mutable);
  }

  private static Value range(Arguments arguments) {
    arguments.atMost(3);
    boolean single = arguments.positional().size() == 1;
    int from = single ? 0 : arguments.integer(0, "start", 0);
    int to = arguments.integer(single ? 0 : 1, "stop", 0);
    int step = arguments.integer(2, "step", 1);
    if (step == 0 || arguments.positional().isEmpty()) {
      throw arguments.error("needs a stop, and a step that is not 0");
    }
    List<Value> numbers = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      arguments.budget().step();
      numbers.add(new Int(i));
    }
    return new Items(numbers);
  }
}
