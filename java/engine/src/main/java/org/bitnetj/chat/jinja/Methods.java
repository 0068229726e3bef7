package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.bitnetj.chat.jinja.Value.Bool;
import org.bitnetj.chat.jinja.Value.Dict;
import org.bitnetj.chat.jinja.Value.Int;
import org.bitnetj.chat.jinja.Value.Items;
import org.bitnetj.chat.jinja.Value.None;
import org.bitnetj.chat.jinja.Value.Undefined;
import org.jspecify.annotations.Nullable;

/** Python's methods of strings and dictionaries that do not change them. */
final class Methods {
  private Methods() {}

  /** The method of that name, bound to its object; null if the object lacks it. */
  static @Nullable Value find(Value object, String name, Budget budget) {
    return switch (object) {
      case Text text -> ofText(text, name, budget);
      case Dict dict -> ofDict(dict, name);
      default -> null;
    };
  }

  private static Value.@Nullable Function ofText(Text text, String name, Budget budget) {
    Value.Function method =
        switch (name) {
          case "strip" -> a -> strip(text, a, true, true);
          case "lstrip" -> a -> strip(text, a, true, false);
          case "rstrip" -> a -> strip(text, a, false, true);
          case "upper" -> a -> map(text, a, Casing::upper);
          case "lower" -> a -> map(text, a, Casing::lower);
          case "capitalize" -> a -> map(text, a, Casing::capitalized);
          case "title" -> a -> map(text, a, Casing::titled);
          case "replace" -> a -> replace(text, a);
          case "split" -> a -> split(text, a);
          case "splitlines" -> a -> lines(text, a);
          case "join" ->
              a -> join(text, Values.iterate(only(a, "items"), budget, a.line()), budget);
          case "startswith" -> a -> any(a, affix -> text.chars().startsWith(affix));
          case "endswith" -> a -> any(a, affix -> text.chars().endsWith(affix));
          case "removeprefix" -> a -> without(text, a, true);
          case "removesuffix" -> a -> without(text, a, false);
          case "find" -> a -> index(text, text.chars().indexOf(sought(text, a)));
          case "rfind" -> a -> index(text, text.chars().lastIndexOf(sought(text, a)));
          case "count" -> a -> new Int(occurrences(text, sought(text, a), budget));
          case "isdigit" -> a -> all(text, a, Character::isDigit);
          case "isalpha" -> a -> all(text, a, Character::isLetter);
          case "isalnum" -> a -> all(text, a, Character::isLetterOrDigit);
          case "isspace" -> a -> all(text, a, Text::isSpace);
          case "isupper" -> a -> isAll(text, a, true);
          case "islower" -> a -> isAll(text, a, false);
          default -> null;
        };
    if (method == null) {
      return null;
    }
    return arguments -> {
      budget.scan(text.length());
      return method.call(arguments);
    };
  }

  private static Value.@Nullable Function ofDict(Dict dict, String name) {
    return switch (name) {
      case "items" ->
          a -> {
            a.atMost(0);
            return items(dict, a);
          };
      case "keys" ->
          a -> {
            a.atMost(0);
            return new Items(Values.iterate(dict, a.budget(), a.line()));
          };
      case "values" ->
          a -> {
            a.atMost(0);
            a.budget().steps(dict.entries().size());
            return new Items(List.copyOf(dict.entries().values()));
          };
      case "get" ->
          a -> {
            a.atMost(2);
            Value found = Values.find(dict, a.require(0, "key"), a.budget());
            return found == null ? a.get(1, "default", None.NONE) : found;
          };
      default -> null;
    };
  }

  /** The entries of a dictionary as pairs. */
  static Items items(Value value, Arguments arguments) {
    List<Value> pairs = new ArrayList<>();
    switch (value) {
      case Dict dict -> {
        for (Map.Entry<Value, Value> entry : dict.entries().entrySet()) {
          arguments.budget().step();
          pairs.add(new Items(List.of(entry.getKey(), entry.getValue())));
        }
      }
      case Undefined u -> {}
      default -> throw arguments.error("does not go with " + Values.kind(value));
    }
    return new Items(pairs);
  }

  private static Value map(Text text, Arguments arguments, UnaryOperator<String> mapping) {
    arguments.atMost(0);
    return Casing.map(text, mapping, arguments.budget());
  }

  /** Strips the characters that the first argument lists; white space if it is not given. */
  static Text strip(Text text, Arguments arguments, boolean left, boolean right) {
    arguments.atMost(1, "chars");
    IntPredicate drop = Text::isSpace;
    if (arguments.get(0, "chars", None.NONE) != None.NONE) {
      String listed = sought(text, arguments, "chars");
      drop = c -> listed.indexOf(c) >= 0;
    }
    return text.strip(left, right, drop, arguments.budget());
  }

  static Text replace(Text text, Arguments arguments) {
    arguments.atMost(3, "old", "new", "count");
    String old = sought(text, arguments, "old");
    int limit = arguments.integer(2, "count", -1);
    return text.replace(old, arguments.text(1, "new"), limit, arguments.budget());
  }

  /** The only argument. Charges a search of the text for it. */
  private static String sought(Text text, Arguments arguments) {
    only(arguments, "sub");
    return sought(text, arguments, "sub");
  }

  /** The first argument. Charges a search of the text for it. */
  private static String sought(Text text, Arguments arguments, String name) {
    String part = arguments.text(0, name).chars();
    arguments.budget().search(text.length(), part.length());
    return part;
  }

  private static Value only(Arguments arguments, String name) {
    arguments.atMost(1);
    return arguments.require(0, name);
  }

  private static long occurrences(Text text, String part, Budget budget) {
    if (part.isEmpty()) {
      return text.codePoints() + 1L;
    }
    long count = 0;
    for (int at = text.chars().indexOf(part); at >= 0; count++) {
      budget.step();
      at = text.chars().indexOf(part, at + part.length());
    }
    return count;
  }

  private static Value split(Text text, Arguments arguments) {
    arguments.atMost(2, "sep", "maxsplit");
    int limit = arguments.integer(1, "maxsplit", -1);
    if (arguments.get(0, "sep", None.NONE) == None.NONE) {
      return new Items(List.copyOf(text.words(limit, arguments.budget())));
    }
    String separator = sought(text, arguments, "sep");
    if (separator.isEmpty()) {
      throw arguments.error("needs a separator that is not empty");
    }
    return new Items(List.copyOf(text.split(separator, limit, arguments.budget())));
  }

  private static Value lines(Text text, Arguments arguments) {
    arguments.atMost(1, "keepends");
    boolean keepEnds = Values.isTrue(arguments.get(0, "keepends", Bool.FALSE));
    return new Items(List.copyOf(text.lines(keepEnds, arguments.budget())));
  }

  static Text join(Text separator, List<Value> items, Budget budget) {
    Text.Builder out = new Text.Builder(budget);
    for (int i = 0; i < items.size(); i++) {
      budget.step();
      if (i > 0) {
        out.append(separator);
      }
      out.append(Values.print(items.get(i), budget));
    }
    return out.build();
  }

  /** Whether the test holds for the only argument, or for one of the strings in it. */
  private static Value any(Arguments arguments, Predicate<String> test) {
    if (!(only(arguments, "prefix") instanceof Items list)) {
      return Bool.of(test.test(arguments.text(0, "prefix").chars()));
    }
    boolean found = false;
    for (Value item : Values.iterate(list, arguments.budget(), arguments.line())) {
      if (item instanceof Text text) {
        arguments.budget().scan(text.length());
        found |= test.test(text.chars());
      }
    }
    return Bool.of(found);
  }

  /** The text without the prefix or suffix that the only argument gives. */
  private static Text without(Text text, Arguments arguments, boolean prefix) {
    only(arguments, "affix");
    String affix = arguments.text(0, "affix").chars();
    boolean found = prefix ? text.chars().startsWith(affix) : text.chars().endsWith(affix);
    int cut = found ? affix.length() : 0;
    return prefix
        ? text.substring(cut, text.length(), arguments.budget())
        : text.substring(0, text.length() - cut, arguments.budget());
  }

  private static Value index(Text text, int at) {
    return new Int(at < 0 ? -1 : text.chars().codePointCount(0, at));
  }

  private static Value all(Text text, Arguments arguments, IntPredicate test) {
    arguments.atMost(0);
    return Bool.of(!text.isEmpty() && text.chars().codePoints().allMatch(test));
  }

  private static Value isAll(Text text, Arguments arguments, boolean upper) {
    arguments.atMost(0);
    return Bool.of(Casing.isAll(text.chars(), upper));
  }
}
