package org.bitnetj.chat.jinja;

import java.math.BigDecimal;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.bitnetj.chat.jinja.Value.Big;
import org.bitnetj.chat.jinja.Value.Bool;
import org.bitnetj.chat.jinja.Value.Dict;
import org.bitnetj.chat.jinja.Value.Function;
import org.bitnetj.chat.jinja.Value.Int;
import org.bitnetj.chat.jinja.Value.Items;
import org.bitnetj.chat.jinja.Value.None;
import org.bitnetj.chat.jinja.Value.Real;
import org.bitnetj.chat.jinja.Value.Undefined;
import org.jspecify.annotations.Nullable;

/** Python's truth, equality and order of values, and how they print. */
final class Values {
  /** Every finite double is below ten to this power. */
  private static final int DOUBLE_DIGITS = 309;

  private Values() {}

  static boolean isTrue(Value value) {
    return switch (value) {
      case Bool b -> b == Bool.TRUE;
      case Int n -> n.value() != 0;
      case Big n -> true;
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
    budget.enter();
    boolean equal =
        switch (a) {
          case Value _ when isNumber(a) && isNumber(b) -> compareNumbers(a, b, budget) == 0;
          case Text text -> {
            budget.scan(text.length());
            yield text.equals(b);
          }
          case Items list -> b instanceof Items other && equal(list.items(), other.items(), budget);
          case Dict dict -> b instanceof Dict other && equal(dict, other, budget);
          case Undefined u -> b instanceof Undefined;
          default -> a == b;
        };
    budget.leave();
    return equal;
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
    if (a.entries().size() != b.entries().size()) {
      return false;
    }
    for (Map.Entry<Value, Value> entry : a.entries().entrySet()) {
      Value other = find(b, entry.getKey(), budget);
      if (other == null || !equal(entry.getValue(), other, budget)) {
        return false;
      }
    }
    return true;
  }

  /** Compares two numbers or two strings; below zero if {@code a} is less. */
  static int compare(Value a, Value b, Budget budget, int line) {
    budget.step();
    if (isNumber(a) && isNumber(b)) {
      return compareNumbers(a, b, budget);
    }
    if (a instanceof Text left && b instanceof Text right) {
      budget.scan(left.length());
      return left.compareTo(right);
    }
    throw JinjaException.at(line, kind(a) + " and " + kind(b) + " have no order");
  }

  /** Exact even for whole numbers that a double cannot hold. */
  private static int compareNumbers(Value a, Value b, Budget budget) {
    if (a instanceof Big left) {
      budget.scan(left.digits().length());
      return compareBig(left, b);
    }
    if (b instanceof Big || a instanceof Real && !(b instanceof Real)) {
      return -compareNumbers(b, a, budget);
    }
    if (a instanceof Real left && b instanceof Real right) {
      return Double.compare(left.value() + 0.0, right.value() + 0.0);
    }
    long left = integer(a);
    if (!(b instanceof Real right)) {
      return Long.compare(left, integer(b));
    }
    if (!(right.value() >= -0x1p63 && right.value() < 0x1p63)) {
      return right.value() < 0 ? 1 : -1;
    }
    int whole = Long.compare(left, (long) right.value());
    return whole != 0 ? whole : Double.compare((double) (long) right.value(), right.value() + 0.0);
  }

  private static int compareBig(Big a, Value b) {
    return switch (b) {
      case Big other -> a.compareTo(other);
      case Real r when !Double.isFinite(r.value()) -> r.value() < 0 ? 1 : -1;
      case Real r when a.digits().length() <= 1 + DOUBLE_DIGITS ->
          new BigDecimal(a.digits()).compareTo(new BigDecimal(r.value()));
      default -> a.sign();
    };
  }

  static boolean contains(Value container, Value item, Budget budget, int line) {
    return switch (container) {
      case Text text when item instanceof Text part -> {
        budget.search(text.length(), part.length());
        yield text.chars().contains(part.chars());
      }
      case Items list -> list.items().stream().anyMatch(i -> equal(i, item, budget));
      case Dict dict -> find(dict, item, budget) != null;
      case Undefined u -> false;
      default -> throw JinjaException.at(line, kind(item) + " cannot be in " + kind(container));
    };
  }

  /** The value of {@code key} in a dictionary; null if the key is missing. Charges the look-up. */
  static @Nullable Value find(Dict dict, Value key, Budget budget) {
    return isKey(key, budget) ? dict.entries().get(key) : null;
  }

  static void put(Map<Value, Value> entries, Value key, Value value, Budget budget, int line) {
    if (!isKey(key, budget)) {
      throw JinjaException.at(line, kind(key) + " cannot be a key of a dictionary");
    }
    entries.put(key, value);
  }

  /**
   * Whether a dictionary may have this key. Charges a look-up. At most two whole numbers of 32 bits
   * share a hash code, and {@link Text} has an order, so that no choice of keys makes a hash table
   * slow.
   */
  private static boolean isKey(Value key, Budget budget) {
    return switch (key) {
      case Text text -> {
        budget.scan(text.length());
        yield true;
      }
      case Int n -> n.value() == (int) n.value();
      default -> key instanceof Bool || key == None.NONE;
    };
  }

  static boolean isNumber(Value value) {
    return value instanceof Int
        || value instanceof Big
        || value instanceof Real
        || value instanceof Bool;
  }

  /** The value of a number, for which {@link #isNumber} holds. */
  static double number(Value value) {
    return switch (value) {
      case Int n -> n.value();
      case Big n -> Double.parseDouble(n.digits());
      case Real r -> r.value();
      case Bool b -> b.ordinal();
      default -> throw new IllegalArgumentException(kind(value));
    };
  }

  /** The value of a whole number or truth value. */
  static long integer(Value value) {
    return switch (value) {
      case Int n -> n.value();
      case Bool b -> b.ordinal();
      default -> throw new IllegalArgumentException(kind(value));
    };
  }

  /** The elements that a {@code for} loop visits. Charges a step for each. */
  static List<Value> iterate(Value value, Budget budget, int line) {
    return switch (value) {
      case Items list -> {
        budget.steps(list.items().size());
        yield list.items();
      }
      case Dict dict -> {
        budget.steps(dict.entries().size());
        yield List.copyOf(dict.entries().keySet());
      }
      case Undefined u -> List.of();
      case Text text -> text.characters(budget);
      default -> throw JinjaException.at(line, kind(value) + " cannot be iterated over");
    };
  }

  /** The value as {@code {{ … }}} prints it. */
  static Text print(Value value, Budget budget) {
    return switch (value) {
      case Text text -> text;
      case Undefined u -> Text.EMPTY;
      default -> {
        Text.Builder out = new Text.Builder(budget);
        represent(value, out, budget);
        yield out.build();
      }
    };
  }

  /** As Python's {@code repr}. */
  private static void represent(Value value, Text.Builder out, Budget budget) {
    budget.enter();
    switch (value) {
      case Text text -> quote(text, out);
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
        for (Map.Entry<Value, Value> entry : dict.entries().entrySet()) {
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
    budget.leave();
  }

  private static void quote(Text text, Text.Builder out) {
    String chars = text.chars();
    char quote = chars.contains("'") && !chars.contains("\"") ? '"' : '\'';
    out.append(Character.toString(quote), true);
    int from = 0;
    for (int i = 0; i < chars.length(); ) {
      int c = chars.codePointAt(i);
      int next = i + Character.charCount(c);
      if (c == quote || c == '\\' || !isPrintable(c)) {
        out.append(text, from, i).append(escape(c), true);
        from = next;
      }
      i = next;
    }
    out.append(text, from, chars.length()).append(Character.toString(quote), true);
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }

  private static String escape(int c) {
    return switch (c) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\'', '"', '\\' -> "\\" + (char) c;
      default -> {
        HexFormat hex = HexFormat.of();
        yield c < 0x100
            ? "\\x" + hex.toHexDigits(c, 2)
            : c < 0x10000 ? "\\u" + hex.toHexDigits(c, 4) : "\\U" + hex.toHexDigits(c, 8);
      }
    };
  }

  private static String scalar(Value value) {
    return switch (value) {
      case Int n -> Long.toString(n.value());
      case Big n -> n.digits();
      case Real r -> Numbers.print(r.value());
      case Bool b -> b == Bool.TRUE ? "True" : "False";
      case None n -> "None";
      case Undefined u -> "Undefined";
      default -> "<" + kind(value) + ">";
    };
  }

  /** The kind of a value, as errors name it. */
  static String kind(Value value) {
    return switch (value) {
      case Text text -> "a string";
      case Int n -> "a number";
      case Big n -> "a number";
      case Real r -> "a number";
      case Bool b -> "a truth value";
      case None n -> "None";
      case Undefined u -> "the undefined '" + u.what() + "'";
      case Items list -> "a list";
      case Dict dict -> "a dictionary";
      case Function f -> "a function";
    };
  }
}
