package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import org.bitnetj.chat.jinja.Value.Bool;
import org.bitnetj.chat.jinja.Value.Dict;
import org.bitnetj.chat.jinja.Value.Int;
import org.bitnetj.chat.jinja.Value.Items;
import org.bitnetj.chat.jinja.Value.None;
import org.jspecify.annotations.Nullable;

/** Python's methods of strings and dictionaries, as far as they change nothing. */
final class Methods {
  private Methods() {}

  /** The method of that name, bound to its object; null where there is none. */
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
          case "upper" -> a -> text.map(s -> s.toUpperCase(Locale.ROOT));
          case "lower" -> a -> text.map(s -> s.toLowerCase(Locale.ROOT));
          case "capitalize" -> a -> capitalize(text);
          case "title" -> a -> title(text);
          case "replace" -> a -> replace(text, a);
          case "split" -> a -> split(text, a);
          case "splitlines" -> a -> new Items(List.copyOf(lines(text)));
          case "join" ->
              a -> join(text, Values.iterate(a.require(0, "items"), budget, a.line()), budget);
          case "startswith" -> a -> any(a, affix -> text.chars().startsWith(affix));
          case "endswith" -> a -> any(a, affix -> text.chars().endsWith(affix));
          case "removeprefix" ->
              a -> {
                String prefix = a.text(0, "prefix").chars();
                return text.chars().startsWith(prefix)
                    ? text.substring(prefix.length(), text.length())
                    : text;
              };
          case "removesuffix" ->
              a -> {
                String suffix = a.text(0, "suffix").chars();
                return text.chars().endsWith(suffix)
                    ? text.substring(0, text.length() - suffix.length())
                    : text;
              };
          case "find" -> a -> index(text, text.chars().indexOf(sought(text, a, "sub")));
          case "rfind" -> a -> index(text, text.chars().lastIndexOf(sought(text, a, "sub")));
          case "count" -> a -> new Int(occurrences(text, sought(text, a, "sub")));
          case "isdigit" -> a -> all(text, Character::isDigit);
          case "isalpha" -> a -> all(text, Character::isLetter);
          case "isalnum" -> a -> all(text, Character::isLetterOrDigit);
          case "isspace" -> a -> all(text, Text::isSpace);
          case "isupper" ->
              a -> Bool.of(isCased(text) && text.map(s -> s.toUpperCase(Locale.ROOT)).equals(text));
          case "islower" ->
              a -> Bool.of(isCased(text) && text.map(s -> s.toLowerCase(Locale.ROOT)).equals(text));
          default -> null;
        };
    if (method == null) {
      return null;
    }
    return arguments -> {
      budget.characters(text.length());
      return method.call(arguments);
    };
  }

  private static Value.@Nullable Function ofDict(Dict dict, String name) {
    return switch (name) {
      case "items" -> a -> items(dict, a);
      case "keys" -> a -> new Items(Values.iterate(dict, a.budget(), a.line()));
      case "values" ->
          a -> {
            a.budget().steps(dict.entries().size());
            return new Items(List.copyOf(dict.entries().values()));
          };
      case "get" ->
          a -> {
            Value found = dict.entries().get(a.text(0, "key"));
            return found == null ? a.get(1, "default", None.NONE) : found;
          };
      default -> null;
    };
  }

  /** The entries of a dictionary as pairs. */
  static Value items(Value value, Arguments arguments) {
    if (!(value instanceof Dict dict)) {
      throw arguments.error("does not go with " + Values.kind(value));
    }
    List<Value> pairs = new ArrayList<>();
    for (Map.Entry<Text, Value> entry : dict.entries().entrySet()) {
      arguments.budget().step();
      pairs.add(new Items(List.of(entry.getKey(), entry.getValue())));
    }
    return new Items(pairs);
  }

  /** Strips the characters that the first argument lists, white space without one. */
  static Text strip(Text text, Arguments arguments, boolean left, boolean right) {
    arguments.atMost(1, "chars");
    Value chars = arguments.get(0, "chars", None.NONE);
    IntPredicate drop = Text::isSpace;
    if (chars != None.NONE) {
      String listed = sought(text, arguments, "chars");
      drop = c -> listed.indexOf(c) >= 0;
    }
    return text.strip(left, right, drop);
  }

  static Text capitalize(Text text) {
    return text.map(
        s -> {
          int head = s.isEmpty() ? 0 : s.offsetByCodePoints(0, 1);
          return s.substring(0, head).toUpperCase(Locale.ROOT)
              + s.substring(head).toLowerCase(Locale.ROOT);
        });
  }

  /** Python's {@code str.title}: every run of letters begins with a capital. */
  private static Text title(Text text) {
    return text.map(s -> title(s, c -> !Character.isLetter(c)));
  }

  /** Jinja's filter {@code title}: words begin after white space and opening brackets. */
  static Text titleOfWords(Text text) {
    return text.map(s -> title(s, c -> Text.isSpace(c) || "-({[<".indexOf(c) >= 0));
  }

  private static String title(String text, IntPredicate beforeWord) {
    StringBuilder out = new StringBuilder(text.length());
    boolean start = true;
    for (int c : text.codePoints().toArray()) {
      out.appendCodePoint(start ? Character.toUpperCase(c) : Character.toLowerCase(c));
      start = beforeWord.test(c);
    }
    return out.toString();
  }

  static Text replace(Text text, Arguments arguments) {
    arguments.atMost(3, "old", "new", "count");
    String old = sought(text, arguments, "old");
    Text replacement = arguments.text(1, "new");
    long most = old.isEmpty() ? text.length() + 1L : occurrences(text, old);
    arguments.budget().characters(text.length() + most * replacement.length());
    return text.replace(old, replacement, arguments.integer(2, "count", -1));
  }

  /** The first argument, which is looked for all over the text. */
  private static String sought(Text text, Arguments arguments, String name) {
    String part = arguments.text(0, name).chars();
    arguments.budget().search(text.length(), part.length());
    return part;
  }

  private static long occurrences(Text text, String part) {
    if (part.isEmpty()) {
      return text.codePoints() + 1L;
    }
    long count = 0;
    for (int at = text.chars().indexOf(part); at >= 0; count++) {
      at = text.chars().indexOf(part, at + part.length());
    }
    return count;
  }

  private static Value split(Text text, Arguments arguments) {
    arguments.atMost(2, "sep", "maxsplit");
    int limit = arguments.integer(1, "maxsplit", -1);
    if (arguments.get(0, "sep", None.NONE) == None.NONE) {
      if (limit >= 0) {
        throw arguments.error("with a limit needs a separator");
      }
      arguments.budget().steps(text.length());
      return new Items(List.copyOf(text.words()));
    }
    String separator = sought(text, arguments, "sep");
    if (separator.isEmpty()) {
      throw arguments.error("needs a separator that is not empty");
    }
    arguments.budget().steps(occurrences(text, separator) + 1);
    return new Items(List.copyOf(text.split(separator, limit)));
  }

  private static List<Text> lines(Text text) {
    List<Text> lines = text.replace("\r\n", Text.trusted("\n"), -1).split("\n", -1);
    return lines.getLast().isEmpty() ? lines.subList(0, lines.size() - 1) : lines;
  }

  static Text join(Text separator, List<Value> items, Budget budget) {
    Text.Builder out = new Text.Builder();
    for (int i = 0; i < items.size(); i++) {
      Text item = Values.print(items.get(i), budget);
      budget.characters((long) separator.length() + item.length());
      budget.step();
      if (i > 0) {
        out.append(separator);
      }
      out.append(item);
    }
    return out.build();
  }

  /** Whether the first argument, or one of the strings in it, passes. */
  private static Value any(Arguments arguments, Predicate<String> test) {
    if (arguments.require(0, "prefix") instanceof Items list) {
      for (Value item : list.items()) {
        if (item instanceof Text text && test.test(text.chars())) {
          return Bool.TRUE;
        }
      }
      return Bool.FALSE;
    }
    return Bool.of(test.test(arguments.text(0, "prefix").chars()));
  }

  private static Value index(Text text, int at) {
    return new Int(at < 0 ? -1 : text.chars().codePointCount(0, at));
  }

  private static Value all(Text text, IntPredicate test) {
    return Bool.of(!text.isEmpty() && text.chars().codePoints().allMatch(test));
  }

  private static boolean isCased(Text text) {
    return text.chars()
        .codePoints()
        .anyMatch(c -> Character.isUpperCase(c) || Character.isLowerCase(c));
  }
}
