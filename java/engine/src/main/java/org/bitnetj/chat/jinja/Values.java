package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bitnetj.chat.jinja.Value.Bool;
import org.bitnetj.chat.jinja.Value.Dict;
import org.bitnetj.chat.jinja.Value.Function;
import org.bitnetj.chat.jinja.Value.Int;
import org.bitnetj.chat.jinja.Value.Items;
import org.bitnetj.chat.jinja.Value.None;
import org.bitnetj.chat.jinja.Value.Real;
import org.bitnetj.chat.jinja.Value.Undefined;

/** What Python says of values: truth, equality, order, and how they print. */
final class Values {
  private Values() {}

  static boolean isTrue(Value value) {
    return switch (value) {
      case Bool b -> b == Bool.TRUE;
      case Int n -> n.value() != 0;
      case Real r -> r.value() != 0;
      case Text text -> !text.isEmpty();
      case Items list -> !list.items().isEmpty();
      case Dict dict -> !dict.entries().isEmpty();
      case None n -> false;
      case Undefined u -> false;
      case Function f -> true;
    };
  }

  static boolean equal(Value a, Value b, Budget budget) {
    budget.step();
    if (isNumber(a) && isNumber(b)) {
      return number(a) == number(b);
    }
    return switch (a) {
      case Text text -> {
        budget.search(text.length(), 1);
        yield b instanceof Text other && text.equals(other);
      }
      case Items list -> b instanceof Items other && equal(list.items(), other.items(), budget);
      case Dict dict -> b instanceof Dict other && equal(dict, other, budget);
      case Undefined u -> b instanceof Undefined;
      default -> a == b;
    };
  }

  private static boolean equal(List<Value> a, List<Value> b, Budget budget) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!equal(a.get(i), b.get(i), budget)) {
        return false;
      }
    }
    return true;
  }

  private static boolean equal(Dict a, Dict b, Budget budget) {
    if (!a.entries().keySet().equals(b.entries().keySet())) {
      return false;
    }
    for (Map.Entry<Text, Value> entry : a.entries().entrySet()) {
      if (!equal(entry.getValue(), b.entries().get(entry.getKey()), budget)) {
        return false;
      }
    }
    return true;
  }

  /** Below zero, zero or above, for two numbers or two strings. */
  static int compare(Value a, Value b, Budget budget, int line) {
    if (isNumber(a) && isNumber(b)) {
      return Double.compare(number(a), number(b));
    }
    if (a instanceof Text left && b instanceof Text right) {
      budget.search(left.length(), 1);
      return left.chars().compareTo(right.chars());
    }
    throw JinjaException.at(line, kind(a) + " and " + kind(b) + " have no order");
  }

  static boolean contains(Value container, Value item, Budget budget, int line) {
    return switch (container) {
      case Text text when item instanceof Text part -> {
        budget.search(text.length(), part.length());
        yield text.chars().contains(part.chars());
      }
      case Items list -> list.items().stream().anyMatch(i -> equal(i, item, budget));
      case Dict dict -> item instanceof Text key && dict.entries().containsKey(key);
      case Undefined u -> false;
      default -> throw JinjaException.at(line, kind(item) + " cannot be in " + kind(container));
    };
  }

  static boolean isNumber(Value value) {
    return value instanceof Int || value instanceof Real || value instanceof Bool;
  }

  /** The value of a number, of which {@link #isNumber} is true. */
  static double number(Value value) {
    return switch (value) {
      case Int n -> n.value();
      case Real r -> r.value();
      case Bool b -> b.ordinal();
      default -> throw new IllegalArgumentException(kind(value));
    };
  }

  /** What a {@code for} loop goes through. */
  static List<Value> iterate(Value value, Budget budget, int line) {
    return switch (value) {
      case Items list -> list.items();
      case Dict dict -> {
        budget.steps(dict.entries().size());
        yield List.copyOf(dict.entries().keySet());
      }
      case Undefined u -> List.of();
      case Text text -> {
        int count = text.codePoints();
        budget.steps(count);
        List<Value> characters = new ArrayList<>(count);
        for (int i = 0; i < text.length(); ) {
          int next = text.chars().offsetByCodePoints(i, 1);
          characters.add(text.substring(i, next));
          i = next;
        }
        yield characters;
      }
      default -> throw JinjaException.at(line, kind(value) + " cannot be gone through");
    };
  }

  /** The value as {@code {{ … }}} prints it. */
  static Text print(Value value, Budget budget) {
    if (value instanceof Text text) {
      return text;
    }
    Text.Builder out = new Text.Builder();
    represent(value, out, budget);
    return out.build();
  }

  private static void represent(Value value, Text.Builder out, Budget budget) {
    budget.step();
    switch (value) {
      case Text text -> {
        budget.characters(text.length() + 2L);
        boolean doubled = text.chars().contains("'") && !text.chars().contains("\"");
        String quote = doubled ? "\"" : "'";
        Text escaped = text.replace("\\", Text.trusted("\\\\"), -1);
        escaped = escaped.replace("\n", Text.trusted("\\n"), -1);
        if (!doubled) {
          escaped = escaped.replace("'", Text.trusted("\\'"), -1);
        }
        out.append(quote, true).append(escaped).append(quote, true);
      }
      case Items list -> {
        out.append("[", true);
        String separator = "";
        for (Value item : list.items()) {
          out.append(separator, true);
          represent(item, out, budget);
          separator = ", ";
        }
        out.append("]", true);
      }
      case Dict dict -> {
        out.append("{", true);
        String separator = "";
        for (Map.Entry<Text, Value> entry : dict.entries().entrySet()) {
          out.append(separator, true);
          represent(entry.getKey(), out, budget);
          out.append(": ", true);
          represent(entry.getValue(), out, budget);
          separator = ", ";
        }
        out.append("}", true);
      }
      default -> out.append(scalar(value), true);
    }
  }

  private static String scalar(Value value) {
    return switch (value) {
      case Int n -> Long.toString(n.value());
      case Real r -> Double.toString(r.value());
      case Bool b -> b == Bool.TRUE ? "True" : "False";
      case None n -> "None";
      case Undefined u -> "";
      default -> "<" + kind(value) + ">";
    };
  }

  /** What sort of value it is, for errors. */
  static String kind(Value value) {
    return switch (value) {
      case Text text -> "a string";
      case Int n -> "a number";
      case Real r -> "a number";
      case Bool b -> "a truth value";
      case None n -> "None";
      case Undefined u -> "'" + u.what() + "', which is not defined,";
      case Items list -> "a list";
      case Dict dict -> "a dictionary";
      case Function f -> "a function";
    };
  }
}
