package org.bitnetj.source.huggingface;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.Inspection;
import org.bitnetj.source.Printable;
import org.bitnetj.source.json.Json;
import org.bitnetj.source.json.JsonParser;
import org.jspecify.annotations.Nullable;

/**
 * An object of a JSON file, asked by the names of its members; those that are null count as
 * missing. Every method that returns a member throws {@link ModelFileException} where it is of
 * another type. Immutable.
 *
 * @param file for messages
 * @param place names of the members that lead to it, each with a dot after it
 * @param members of the object
 */
record Section(Path file, String place, Map<String, Json> members) {
  /** Longest file; the largest tokenizers have 40 MB. */
  static final int MOST_BYTES = 100 << 20;

  private static final int MOST_SHOWN = 80;
  private static final int MOST_ITEMS = 8;

  /** Reads a file that must be there. */
  static Section read(Path file) throws ModelFileException {
    return find(file).orElseThrow(() -> new ModelFileException(file + ": there is no such file."));
  }

  /** Reads a file that may be missing. */
  static Optional<Section> find(Path file) throws ModelFileException {
    Optional<String> text = findText(file);
    return text.isPresent() ? Optional.of(parse(file, "the file", text.get())) : Optional.empty();
  }

  /** The text of a file that may be missing. */
  static Optional<String> findText(Path file) throws ModelFileException {
    Optional<byte[]> bytes = findBytes(file);
    if (bytes.isEmpty()) {
      return Optional.empty();
    }
    String text = Printable.strictUtf8(bytes.get());
    if (text == null) {
      throw new ModelFileException(file + ": the file is not UTF-8; it is damaged.");
    }
    return Optional.of(text);
  }

  /** The bytes of a file that may be missing. */
  static Optional<byte[]> findBytes(Path file) throws ModelFileException {
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new ModelFileException(file + " is not a regular file.");
      }
      long size = Files.size(file);
      if (size > MOST_BYTES) {
        throw new ModelFileException(
            file + " has " + size + " bytes, more than the " + MOST_BYTES + " that it can need.");
      }
      return Optional.of(Files.readAllBytes(file));
    } catch (ModelFileException e) {
      throw e;
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new ModelFileException(file + ": cannot be read: " + e.getMessage() + ".", e);
    }
  }

  /** Reads a file of an array of objects, which may be missing. */
  static Optional<List<Section>> findAll(Path file) throws ModelFileException {
    Optional<String> text = findText(file);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    List<Section> all = new ArrayList<>();
    if (json(file, "the file", text.get()) instanceof Json.Items items) {
      for (Json item : items.all()) {
        if (item instanceof Json.Members members) {
          all.add(new Section(file, all.size() + ".", members.all()));
        }
      }
      if (all.size() == items.all().size()) {
        return Optional.of(all);
      }
    }
    throw new ModelFileException(file + ": the file is JSON, but not an array of objects.");
  }

  /**
   * @param what the text is called in messages
   */
  static Section parse(Path file, String what, String text) throws ModelFileException {
    if (json(file, what, text) instanceof Json.Members members) {
      return new Section(file, "", members.all());
    }
    throw new ModelFileException(file + ": " + what + " is JSON, but not an object.");
  }

  private static Json json(Path file, String what, String text) throws ModelFileException {
    try {
      return JsonParser.parse(text);
    } catch (JsonParser.Malformed e) {
      throw new ModelFileException(
          file + ": " + what + " is not JSON: it " + e.getMessage() + "; it is damaged.", e);
    }
  }

  /** Every key and its value, in file order; those of objects within are entries too. */
  List<Inspection.Entry> entries() {
    List<Inspection.Entry> entries = new ArrayList<>();
    members.forEach(
        (key, value) -> {
          if (value instanceof Json.Members object) {
            entries.addAll(new Section(file, place + key + ".", object.all()).entries());
          } else {
            entries.add(entry(Printable.of(place + key, 2 * MOST_SHOWN), value));
          }
        });
    return entries;
  }

  private static Inspection.Entry entry(String name, Json value) {
    return switch (value) {
      case Json.Text text -> new Inspection.Entry(name, "string", text.value(), describe(value));
      case Json.Numeral numeral ->
          new Inspection.Entry(name, "number", number(numeral), describe(value));
      case Json.Literal literal when literal != Json.Literal.NULL ->
          new Inspection.Entry(name, "bool", literal == Json.Literal.TRUE, describe(value));
      case Json.Items items ->
          new Inspection.Entry(
              name, "array of " + items.all().size(), listed(value), describe(value));
      default -> new Inspection.Entry(name, "null", null, "null");
    };
  }

  /** Arrays as lists, objects within them as maps. */
  private static @Nullable Object listed(Json value) {
    return switch (value) {
      case Json.Text text -> text.value();
      case Json.Numeral numeral -> number(numeral);
      case Json.Literal literal ->
          literal == Json.Literal.NULL ? null : literal == Json.Literal.TRUE;
      case Json.Items items when items.all().size() > Inspection.LongArray.MOST_ELEMENTS ->
          new Inspection.LongArray("any", items.all().size());
      case Json.Items items -> {
        List<@Nullable Object> list = new ArrayList<>();
        items.all().forEach(item -> list.add(listed(item)));
        yield list;
      }
      case Json.Members object -> {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        object.all().forEach((name, member) -> map.put(name, listed(member)));
        yield map;
      }
    };
  }

  /** An integer below 2^63, or the double that is nearest; null where that is infinite. */
  private static @Nullable Object number(Json.Numeral numeral) {
    try {
      return Long.valueOf(numeral.text());
    } catch (NumberFormatException e) {
      double value = Double.parseDouble(numeral.text());
      return Double.isFinite(value) ? value : null;
    }
  }

  /** A value in one line. */
  private static String describe(Json value) {
    return switch (value) {
      case Json.Text text -> '"' + shown(text.value()) + '"';
      case Json.Numeral numeral -> shown(numeral.text());
      case Json.Literal literal -> literal.name().toLowerCase(Locale.ROOT);
      case Json.Members object -> "{" + object.all().size() + " members}";
      case Json.Items items ->
          items.all().stream()
              .limit(MOST_ITEMS)
              .map(Section::describe)
              .collect(
                  Collectors.joining(", ", "[", items.all().size() > MOST_ITEMS ? ", …]" : "]"));
    };
  }

  private Optional<Json> find(String key) {
    Json value = members.get(key);
    return value == Json.Literal.NULL ? Optional.empty() : Optional.ofNullable(value);
  }

  boolean has(String key) {
    return find(key).isPresent();
  }

  Optional<String> findText(String key) throws ModelFileException {
    Optional<Json> value = find(key);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    if (value.get() instanceof Json.Text text) {
      return Optional.of(text.value());
    }
    throw wrongType(key, "text");
  }

  OptionalLong findInteger(String key) throws ModelFileException {
    Optional<Json> value = find(key);
    return value.isEmpty() ? OptionalLong.empty() : OptionalLong.of(integer(key, value.get()));
  }

  /** A value that must be an integer. */
  long integer(String key, Json value) throws ModelFileException {
    if (value instanceof Json.Numeral numeral) {
      try {
        return Long.parseLong(numeral.text());
      } catch (NumberFormatException e) {
        // as any other type
      }
    }
    throw wrongType(key, "an integer below 2^63");
  }

  OptionalDouble findNumber(String key) throws ModelFileException {
    Optional<Json> value = find(key);
    if (value.isEmpty()) {
      return OptionalDouble.empty();
    }
    if (value.get() instanceof Json.Numeral numeral) {
      return OptionalDouble.of(Double.parseDouble(numeral.text()));
    }
    throw wrongType(key, "a number");
  }

  Optional<Boolean> findFlag(String key) throws ModelFileException {
    Optional<Json> value = find(key);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    if (value.get() instanceof Json.Literal literal) {
      return Optional.of(literal == Json.Literal.TRUE);
    }
    throw wrongType(key, "true or false");
  }

  Optional<Section> findSection(String key) throws ModelFileException {
    Optional<Json> value = find(key);
    return value.isEmpty() ? Optional.empty() : Optional.of(section(key, value.get()));
  }

  /** A value that must be an object, as a section of that name. */
  Section section(String key, Json value) throws ModelFileException {
    if (value instanceof Json.Members object) {
      return new Section(file, place + key + ".", object.all());
    }
    throw wrongType(key, "an object");
  }

  Optional<List<Json>> findItems(String key) throws ModelFileException {
    Optional<Json> value = find(key);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    if (value.get() instanceof Json.Items items) {
      return Optional.of(items.all());
    }
    throw wrongType(key, "an array");
  }

  /** What a member is called in messages. */
  String name(String key) {
    return "'" + Printable.of(place + key, 2 * MOST_SHOWN) + "'";
  }

  /** Text from the file to quote in a message: escaped and cut. */
  static String shown(String text) {
    return Printable.of(text, MOST_SHOWN);
  }

  ModelFileException wrongType(String key, String wanted) {
    return failure(name(key) + " must be " + wanted + ".");
  }

  ModelFileException missing(String key) {
    return failure(name(key) + " is missing; the file is incomplete or of another kind.");
  }

  ModelFileException failure(String sentence) {
    return new ModelFileException(file + ": " + sentence);
  }
}
