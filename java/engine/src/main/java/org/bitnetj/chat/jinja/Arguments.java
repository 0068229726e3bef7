package org.bitnetj.chat.jinja;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a call, by place and by name.
 *
 * @param callee what is called, for errors
 * @param line where
 */
record Arguments(
    String callee, int line, List<Value> positional, Map<String, Value> named, Budget budget) {

  /** The argument at place {@code i}, also known as {@code name}, or null. */
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

  Text text(int i, String name) {
    if (require(i, name) instanceof Text text) {
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

  /** Refuses more than {@code most} places and any name not listed. */
  void atMost(int most, String... names) {
    if (positional.size() > most) {
      throw error("takes at most " + most + " arguments");
    }
    Set<String> known = Set.of(names);
    for (String name : named.keySet()) {
      if (!known.contains(name)) {
        throw error("does not know the argument '" + name + "'");
      }
    }
  }

  JinjaException error(String what) {
    return JinjaException.at(line, "'" + callee + "' " + what);
  }
}
