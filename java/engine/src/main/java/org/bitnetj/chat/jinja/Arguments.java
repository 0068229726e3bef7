package org.bitnetj.chat.jinja;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a call, by place and by name.
 *
 * @param callee the name of what is called, shown in errors
 * @param line the line of the call, shown in errors
 */
record Arguments(
    String callee, int line, List<Value> positional, Map<String, Value> named, Budget budget) {

  /** The argument at position {@code i} or of name {@code name}; null if it is not given. */
  @Nullable Value find(int i, String name) {
    return i < positional.size() ? positional.get(i) : named.get(name);
  }

  Value get(int i, String name, Value otherwise) {
    Value value = find(i, name);
    return value == null ? otherwise : value;
  }

  Value require(int i, String name) {
    Value value = find(i, name);
    if (value == null) {
      throw error("needs the argument '" + name + "'");
    }
    return value;
  }

  /** A string argument. Charges one scan of it. */
  Text text(int i, String name) {
    if (require(i, name) instanceof Text text) {
      budget.scan(text.length());
      return text;
    }
    throw error("needs a string as '" + name + "'");
  }

  int integer(int i, String name, int otherwise) {
    Value value = find(i, name);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Value.Int n) {
      return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, n.value()));
    }
    throw error("needs a whole number as '" + name + "'");
  }

  /** Refuses more than {@code most} positional arguments and names that are not listed. */
  void atMost(int most, String... names) {
    atMost(most, Set.of(names));
  }

  void atMost(int most, Set<String> names) {
    if (positional.size() > most) {
      throw error("takes at most " + most + (most == 1 ? " argument" : " arguments"));
    }
    for (String name : named.keySet()) {
      if (!names.contains(name)) {
        throw error("has no argument '" + name + "'");
      }
    }
  }

  /** The arguments after the first {@code count} positional ones, with all named ones. */
  Arguments without(int count) {
    int from = Math.min(count, positional.size());
    return new Arguments(callee, line, positional.subList(from, positional.size()), named, budget);
  }

  JinjaException error(String what) {
    return JinjaException.at(line, "'" + callee + "' " + what);
  }
}
