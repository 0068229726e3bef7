package org.bitnetj.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.StringJoiner;
import org.bitnetj.file.Metadata;
import org.bitnetj.file.ModelFileException;
import org.bitnetj.file.StringArray;
import org.jspecify.annotations.Nullable;

/** The key-value part of a GGUF file: scalars are read when it is opened, the rest when asked. */
final class GgufMetadata implements Metadata {
  static final int MAX_KEYS = 1 << 16;
  static final int MAX_ARRAY = 1 << 24;
  static final int MAX_DEPTH = 4;
  private static final int SHOWN_CHARACTERS = 100;
  private static final int SHOWN_ELEMENTS = 8;

  /**
   * One value.
   *
   * @param at byte of its first element, or of itself
   * @param bits a scalar's bits, widened to 64 (sign-extended for signed types); a string's length
   * @param element type of an array's elements, else null
   * @param count number of an array's elements
   * @param strings an array of strings, else null
   */
  private record Value(
      ValueType type,
      long at,
      long bits,
      @Nullable ValueType element,
      int count,
      @Nullable MappedStrings strings) {

    String label() {
      return element == null ? type.label() : "array of " + count + " " + element.label();
    }
  }

  private final Path path;
  private final MemorySegment file;
  private final Map<String, Value> values;

  private GgufMetadata(Path path, MemorySegment file, Map<String, Value> values) {
    this.path = path;
    this.file = file;
    this.values = values;
  }

  static GgufMetadata read(Path path, HeaderCursor cursor, int count) throws ModelFileException {
    Map<String, Value> values = LinkedHashMap.newLinkedHashMap(count);
    for (int i = 0; i < count; i++) {
      cursor.place("metadata entry " + (i + 1) + " of " + count);
      long at = cursor.position();
      String key = cursor.name("key");
      cursor.place("metadata key '" + key + "'");
      if (values.put(key, readValue(cursor)) != null) {
        throw cursor.failure(at, "occurs twice; the file is damaged");
      }
    }
    return new GgufMetadata(path, cursor.file(), values);
  }

  private static Value readValue(HeaderCursor cursor) throws ModelFileException {
    ValueType type = readType(cursor, "type");
    long at = cursor.position();
    return switch (type) {
      case STRING -> new Value(type, at + 8, cursor.skipString("its text"), null, 0, null);
      case ARRAY -> readArray(cursor);
      default -> {
        cursor.skip(type.bytes(), "its value");
        long bits = bits(cursor.file(), type, at);
        if (type == ValueType.BOOL && bits > 1) {
          throw cursor.failure(at, "is a bool of value " + bits + "; the file is damaged");
        }
        yield new Value(type, at, bits, null, 0, null);
      }
    };
  }

  private static ValueType readType(HeaderCursor cursor, String what) throws ModelFileException {
    long at = cursor.position();
    int id = cursor.u32("its " + what);
    ValueType type = ValueType.ofId(id);
    if (type == null) {
      throw cursor.failure(
          at,
          "has the "
              + what
              + " "
              + Integer.toUnsignedString(id)
              + ", but GGUF defines 0 to 12;"
              + " the file is damaged");
    }
    return type;
  }

  private static Value readArray(HeaderCursor cursor) throws ModelFileException {
    ValueType element = readType(cursor, "element type");
    int count = cursor.count("elements", MAX_ARRAY, element.leastBytes());
    long at = cursor.position();
    MappedStrings strings = null;
    switch (element) {
      case STRING -> strings = MappedStrings.read(cursor, count);
      case ARRAY -> {
        for (int i = 0; i < count; i++) {
          skipArray(cursor, 2);
        }
      }
      default -> cursor.skip((long) count * element.bytes(), "its elements");
    }
    return new Value(ValueType.ARRAY, at, 0, element, count, strings);
  }

  private static void skipArray(HeaderCursor cursor, int depth) throws ModelFileException {
    if (depth > MAX_DEPTH) {
      throw cursor.failure(
          cursor.position(), "nests arrays more than " + MAX_DEPTH + " deep; the file is damaged");
    }
    ValueType element = readType(cursor, "element type");
    int count = cursor.count("elements", MAX_ARRAY, element.leastBytes());
    switch (element) {
      case STRING -> {
        for (int i = 0; i < count; i++) {
          cursor.skipString("an entry");
        }
      }
      case ARRAY -> {
        for (int i = 0; i < count; i++) {
          skipArray(cursor, depth + 1);
        }
      }
      default -> cursor.skip((long) count * element.bytes(), "its elements");
    }
  }

  /** The bits of a scalar or array element that is known to lie in the file. */
  private static long bits(MemorySegment file, ValueType type, long at) {
    return switch (type) {
      case U8, BOOL -> file.get(ValueLayout.JAVA_BYTE, at) & 0xFFL;
      case I8 -> file.get(ValueLayout.JAVA_BYTE, at);
      case U16 -> file.get(HeaderCursor.SHORT, at) & 0xFFFFL;
      case I16 -> file.get(HeaderCursor.SHORT, at);
      case U32, F32 -> file.get(HeaderCursor.INT, at) & 0xFFFFFFFFL;
      case I32 -> file.get(HeaderCursor.INT, at);
      case U64, I64, F64 -> file.get(HeaderCursor.LONG, at);
      case STRING, ARRAY -> throw new IllegalArgumentException(type.label());
    };
  }

  private static double real(ValueType type, long bits) {
    return type == ValueType.F32 ? Float.intBitsToFloat((int) bits) : Double.longBitsToDouble(bits);
  }

  @Override
  public Set<String> keys() {
    return Collections.unmodifiableSet(values.keySet());
  }

  @Override
  public Optional<String> findText(String key) throws ModelFileException {
    Value value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.type != ValueType.STRING) {
      throw wrongType(key, value, "text");
    }
    return Optional.of(text(value.at, value.bits));
  }

  private String text(long at, long length) {
    byte[] bytes = new byte[(int) length];
    MemorySegment.copy(file, ValueLayout.JAVA_BYTE, at, bytes, 0, bytes.length);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public OptionalLong findInteger(String key) throws ModelFileException {
    Value value = values.get(key);
    if (value == null) {
      return OptionalLong.empty();
    }
    if (!value.type.isInteger()) {
      throw wrongType(key, value, "an integer");
    }
    if (value.type == ValueType.U64 && value.bits < 0) {
      throw failure(
          key, value, "is " + Long.toUnsignedString(value.bits) + ", more than this engine counts");
    }
    return OptionalLong.of(value.bits);
  }

  @Override
  public OptionalDouble findNumber(String key) throws ModelFileException {
    Value value = values.get(key);
    if (value == null) {
      return OptionalDouble.empty();
    }
    if (value.type.isFloat()) {
      return OptionalDouble.of(real(value.type, value.bits));
    }
    if (!value.type.isInteger()) {
      throw wrongType(key, value, "a number");
    }
    return OptionalDouble.of(findInteger(key).getAsLong());
  }

  @Override
  public Optional<Boolean> findFlag(String key) throws ModelFileException {
    Value value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.type != ValueType.BOOL) {
      throw wrongType(key, value, "a bool");
    }
    return Optional.of(value.bits != 0);
  }

  @Override
  public Optional<StringArray> findTexts(String key) throws ModelFileException {
    Value value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.strings == null) {
      throw wrongType(key, value, "an array of strings");
    }
    return Optional.of(value.strings);
  }

  @Override
  public Optional<int[]> findIntegers(String key) throws ModelFileException {
    Value value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.element == null || !value.element.isInteger()) {
      throw wrongType(key, value, "an array of integers");
    }
    int[] integers = new int[value.count];
    for (int i = 0; i < integers.length; i++) {
      long element = bits(file, value.element, value.at + (long) i * value.element.bytes());
      if (element != (int) element) {
        throw failure(
            key,
            value,
            "has "
                + integer(value.element, element)
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
    Value value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.element == null || !value.element.isFloat()) {
      throw wrongType(key, value, "an array of floats");
    }
    float[] floats = new float[value.count];
    for (int i = 0; i < floats.length; i++) {
      long at = value.at + (long) i * value.element.bytes();
      floats[i] = (float) real(value.element, bits(file, value.element, at));
    }
    return Optional.of(floats);
  }

  @Override
  public ModelFileException missing(String key) {
    return new ModelFileException(
        path
            + ": metadata key '"
            + key
            + "' is missing; the file is incomplete or of another kind.");
  }

  private ModelFileException wrongType(String key, Value value, String wanted) {
    return failure(key, value, "is of type " + value.label() + ", but must be " + wanted);
  }

  private ModelFileException failure(String key, Value value, String clause) {
    return new ModelFileException(
        path + ": metadata key '" + key + "' (byte " + value.at + ") " + clause + ".");
  }

  @Override
  public String describe(String key) {
    Value value = values.get(key);
    if (value == null) {
      throw new IllegalArgumentException("no metadata key '" + key + "'");
    }
    return switch (value.type) {
      case STRING -> shownText(value.at, value.bits);
      case ARRAY -> shownArray(value);
      default -> shownScalar(value.type, value.bits);
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

  private String shownArray(Value value) {
    StringJoiner shown = new StringJoiner(", ", value.label() + " [", "]");
    ValueType element = value.element;
    if (element == null || element == ValueType.ARRAY) {
      return value.label();
    }
    for (int i = 0; i < Math.min(value.count, SHOWN_ELEMENTS); i++) {
      if (value.strings != null) {
        shown.add('"' + Printable.of(value.strings.get(i), SHOWN_CHARACTERS / 4) + '"');
      } else {
        long at = value.at + (long) i * element.bytes();
        shown.add(shownScalar(element, bits(file, element, at)));
      }
    }
    if (value.count > SHOWN_ELEMENTS) {
      shown.add("…");
    }
    return shown.toString();
  }
}
