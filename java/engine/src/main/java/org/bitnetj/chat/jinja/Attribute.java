package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import org.bitnetj.chat.jinja.Value.Int;
import org.bitnetj.chat.jinja.Value.Undefined;
import org.jspecify.annotations.Nullable;

/**
 * The attribute of {@code map(attribute='a.0.b')} and similar filters: a path of names and indices
 * that leads from an item to one of its members.
 *
 * @param otherwise replaces a missing member, unless it is null
 */
record Attribute(List<Value> path, @Nullable Value otherwise, Arguments arguments) {
  static Attribute of(Value spelled, @Nullable Value otherwise, Arguments arguments) {
    if (!(spelled instanceof Text text)) {
      return new Attribute(List.of(spelled), otherwise, arguments);
    }
    arguments.budget().scan(text.length());
    List<Value> path = new ArrayList<>();
    for (Text part : text.split(".", -1, arguments.budget())) {
      boolean index = part.chars().matches("[0-9]{1,9}");
      path.add(index ? new Int(Integer.parseInt(part.chars())) : part);
    }
    return new Attribute(path, otherwise, arguments);
  }

  Value in(Value item) {
    Value value = item;
    for (Value key : path) {
      arguments.budget().step();
      value = Evaluator.member(value, key, arguments.budget(), arguments.line());
      if (value instanceof Undefined && otherwise != null) {
        value = otherwise;
      }
    }
    return value;
  }

  List<Value> inAll(List<Value> items) {
    List<Value> values = new ArrayList<>(items.size());
    for (Value item : items) {
      values.add(in(item));
    }
    return values;
  }
}
