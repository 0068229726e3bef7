package org.bitnetj.source.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.StringJoiner;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.Inspection;
import org.bitnetj.source.Printable;
import org.bitnetj.source.StringArray;
import org.jspecify.annotations.Nullable;

/** The key-value part of a GGUF file: scalars are read when it is opened, the rest when asked. */
final class GgufMetadata implements Metadata {
  static final int MAX_KEYS = 1 << 16;

  /** Longest text that {@link #findText} gives; chat templates, the longest in use, take 20 KiB. */
  private static final int MAX_TEXT_BYTES = 1 << 20;

  private static final int SHOWN_CHARACTERS = 100;
  private static final int SHOWN_ELEMENTS = 8;

  private final Path path;
  private final MemorySegment file;
  private final Map<String, GgufValue> values;

  private GgufMetadata(Path path, MemorySegment file, Map<String, GgufValue> values) {
    this.path = path;
    this.file = file;
    this.values = values;
  }

  static GgufMetadata read(Path path, HeaderCursor cursor, int count) throws ModelFileException {
    Map<String, GgufValue> values = LinkedHashMap.newLinkedHashMap(count);
    for (int i = 0; i < count; i++) {
      cursor.place("metadata entry " + (i + 1) + " of " + count);
      long at = cursor.position();
      String key = cursor.name("key");
      cursor.place("metadata key '" + key + "'");
      if (values.put(key, GgufValue.read(cursor)) != null) {
        throw cursor.failure(at, "occurs twice; the file is damaged");
      }
    }
    return new GgufMetadata(path, cursor.file(), values);
  }

  /** The value part of an entry as it is in the file: type id and value. */
  MemorySegment raw(String key) {
    GgufValue value = value(key);
    return file.asSlice(value.start(), value.end() - value.start());
  }

  /** The type of the value as the format calls it. */
  String type(String key) {
    return value(key).label();
  }

  /** Every key and its value, in file order. */
  List<Inspection.Entry> entries() {
    return keys().stream()
        .map(key -> new Inspection.Entry(key, type(key), listed(key), describe(key)))
        .toList();
  }

  private @Nullable Object listed(String key) {
    GgufValue value = value(key);
    return switch (value.type()) {
      case STRING -> text(value.at(), value.bits());
      case ARRAY -> listed(value);
      default -> scalar(value.type(), value.bits());
    };
  }

  private static Object scalar(ValueType type, long bits) {
    return switch (type) {
      case U64 -> bits >= 0 ? (Object) bits : new BigInteger(Long.toUnsignedString(bits));
      case F32 -> Float.intBitsToFloat((int) bits);
      case F64 -> Double.longBitsToDouble(bits);
      case BOOL -> bits != 0;
      default -> bits;
    };
  }

  /** The elements of an array; null if they are arrays themselves. */
  private @Nullable Object listed(GgufValue array) {
    ValueType element = array.element();
    if (element == null || element == ValueType.ARRAY) {
      return null;
    }
    if (array.count() > Inspection.LongArray.MOST_ELEMENTS) {
      return new Inspection.LongArray(element.label(), array.count());
    }
    List<Object> elements = new ArrayList<>();
    for (int i = 0; i < array.count(); i++) {
      elements.add(
          array.strings() != null
              ? array.strings().get(i)
              : scalar(
                  element, GgufValue.bits(file, element, array.at() + (long) i * element.bytes())));
    }
    return elements;
  }

  private GgufValue value(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      throw new IllegalArgumentException(path + " has no metadata key '" + key + "'");
    }
    return value;
  }

  @Override
  public Set<String> keys() {
    return Collections.unmodifiableSet(values.keySet());
  }

  @Override
  public Optional<String> findText(String key) throws ModelFileException {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.type() != ValueType.STRING) {
      throw wrongType(key, value, "text");
    }
    if (value.bits() > MAX_TEXT_BYTES) {
      throw failure(
          key,
          value,
          "has "
              + value.bits()
              + " bytes of text, more than the "
              + MAX_TEXT_BYTES
              + " that any model needs; the file is damaged");
    }
    return Optional.of(text(value.at(), value.bits()));
  }

  private String text(long at, long length) {
    byte[] bytes = new byte[(int) length];
    MemorySegment.copy(file, ValueLayout.JAVA_BYTE, at, bytes, 0, bytes.length);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public OptionalLong findInteger(String key) throws ModelFileException {
    GgufValue value = values.get(key);
    if (value == null) {
      return OptionalLong.empty();
    }
    if (!value.type().isInteger()) {
      throw wrongType(key, value, "an integer");
    }
    if (value.type() == ValueType.U64 && value.bits() < 0) {
      throw failure(
          key,
          value,
          "is " + Long.toUnsignedString(value.bits()) + ", more than this engine counts");
    }
    return OptionalLong.of(value.bits());
  }

  @Override
  public OptionalDouble findNumber(String key) throws ModelFileException {
    GgufValue value = values.get(key);
    if (value == null) {
      return OptionalDouble.empty();
    }
    if (value.type().isFloat()) {
      return OptionalDouble.of(GgufValue.real(value.type(), value.bits()));
    }
    if (!value.type().isInteger()) {
      throw wrongType(key, value, "a number");
    }
    return OptionalDouble.of(findInteger(key).getAsLong());
  }

  @Override
  public Optional<Boolean> findFlag(String key) throws ModelFileException {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.type() != ValueType.BOOL) {
      throw wrongType(key, value, "a bool");
    }
    return Optional.of(value.bits() != 0);
  }

  @Override
  public OptionalInt findLength(String key) throws ModelFileException {
    GgufValue value = values.get(key);
    if (value == null) {
      return OptionalInt.empty();
    }
    if (value.element() == null) {
      throw wrongType(key, value, "an array");
    }
    return OptionalInt.of(value.count());
  }

  @Override
  public Optional<StringArray> findTexts(String key) throws ModelFileException {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.strings() == null) {
      throw wrongType(key, value, "an array of strings");
    }
    return Optional.of(value.strings());
  }

  @Override
  public Optional<int[]> findIntegers(String key) throws ModelFileException {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.element() == null || !value.element().isInteger()) {
      throw wrongType(key, value, "an array of integers");
    }
    int[] integers = new int[value.count()];
    if (value.element() == ValueType.I32) {
      MemorySegment.copy(file, HeaderCursor.INT, value.at(), integers, 0, integers.length);
      return Optional.of(integers);
    }
    for (int i = 0; i < integers.length; i++) {
      long element =
          GgufValue.bits(file, value.element(), value.at() + (long) i * value.element().bytes());
      if (element != (int) element) {
        throw failure(
            key,
            value,
            "has "
                + integer(value.element(), element)
                + " as its element "
                + i
                + ", which does not fit 32 bits");
      }
      integers[i] = (int) element;
    }
    return Optional.of(integers);
  }

  @Override
  public Optional<float[]> findFloats(String key) throws ModelFileException {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.element() == null || !value.element().isFloat()) {
      throw wrongType(key, value, "an array of floats");
    }
    float[] floats = new float[value.count()];
    if (value.element() == ValueType.F32) {
      MemorySegment.copy(file, HeaderCursor.FLOAT, value.at(), floats, 0, floats.length);
      return Optional.of(floats);
    }
    for (int i = 0; i < floats.length; i++) {
      long at = value.at() + (long) i * value.element().bytes();
      floats[i] =
          (float) GgufValue.real(value.element(), GgufValue.bits(file, value.element(), at));
    }
    return Optional.of(floats);
  }

  @Override
  public ModelFileException failure(String sentence) {
    return new ModelFileException(path + ": " + sentence);
  }

  @Override
  public ModelFileException missing(String key) {
    return failure(
        "metadata key '" + key + "' is missing; the file is incomplete or of another kind.");
  }

  private ModelFileException wrongType(String key, GgufValue value, String wanted) {
    return failure(key, value, "is of type " + value.label() + ", but must be " + wanted);
  }

  private ModelFileException failure(String key, GgufValue value, String clause) {
    return failure("metadata key '" + key + "' (byte " + value.at() + ") " + clause + ".");
  }

  @Override
  public String describe(String key) {
    GgufValue value = value(key);
    return switch (value.type()) {
      case STRING -> shownText(value.at(), value.bits());
      case ARRAY -> shownArray(value);
      default -> shownScalar(value.type(), value.bits());
    };
  }

  private String shownText(long at, long length) {
    // UTF-8 takes at most four bytes a character: more need not be read to fill the line
    String text = text(at, Math.min(length, 4L * SHOWN_CHARACTERS + 4));
    return '"' + Printable.of(text, SHOWN_CHARACTERS) + '"';
  }

  private static String integer(ValueType type, long bits) {
    return type == ValueType.U64 ? Long.toUnsignedString(bits) : Long.toString(bits);
  }

  private static String shownScalar(ValueType type, long bits) {
    if (type == ValueType.BOOL) {
      return bits == 0 ? "false" : "true";
    }
    if (type == ValueType.F32) {
      return Float.toString(Float.intBitsToFloat((int) bits));
    }
    return type == ValueType.F64
        ? Double.toString(Double.longBitsToDouble(bits))
        : integer(type, bits);
  }

  private String shownArray(GgufValue value) {
    StringJoiner shown = new StringJoiner(", ", value.label() + " [", "]");
    ValueType element = value.element();
    if (element == null || element == ValueType.ARRAY) {
      return value.label();
    }
    for (int i = 0; i < Math.min(value.count(), SHOWN_ELEMENTS); i++) {
      if (value.strings() != null) {
        shown.add('"' + Printable.of(value.strings().get(i), SHOWN_CHARACTERS / 4) + '"');
      } else {
        long at = value.at() + (long) i * element.bytes();
        shown.add(shownScalar(element, GgufValue.bits(file, element, at)));
      }
    }
    if (value.count() > SHOWN_ELEMENTS) {
      shown.add("…");
    }
    return shown.toString();
  }
}
