package org.bitnetj.source.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitnetj.error.ModelFileException;
import org.jspecify.annotations.Nullable;

/**
 * One metadata value: where it is in the file, checked, and what is cheap to keep of it.
 *
 * @param start byte of its type id, where the entry's value part starts
 * @param end byte after it
 * @param at byte of its first element, or of itself
 * @param bits a scalar's bits, widened to 64 (sign-extended for signed types); a string's length
 * @param element type of an array's elements, else null
 * @param count number of an array's elements
 * @param strings an array of strings, else null
 */
record GgufValue(
    ValueType type,
    long start,
    long end,
    long at,
    long bits,
    @Nullable ValueType element,
    int count,
    @Nullable MappedStrings strings) {
  private static final int MAX_ARRAY = 1 << 24;
  private static final int MAX_DEPTH = 4;

  /** Its type as a person writes it. */
  String label() {
    return element == null ? type.label() : "array of " + count + " " + element.label();
  }

  /** Reads and checks the value part of an entry. */
  static GgufValue read(HeaderCursor cursor) throws ModelFileException {
    long start = cursor.position();
    ValueType type = readType(cursor, "type");
    long at = cursor.position();
    return switch (type) {
      case STRING -> {
        long length = cursor.skipString("the length of its text");
        yield new GgufValue(type, start, cursor.position(), at + 8, length, null, 0, null);
      }
      case ARRAY -> readArray(cursor, start);
      default -> {
        cursor.skip(type.bytes(), "its value");
        long bits = bits(cursor.file(), type, at);
        if (type == ValueType.BOOL && bits > 1) {
          throw cursor.failure(at, "is a bool of value " + bits + "; the file is damaged");
        }
        yield new GgufValue(type, start, cursor.position(), at, bits, null, 0, null);
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

  private static GgufValue readArray(HeaderCursor cursor, long start) throws ModelFileException {
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
    return new GgufValue(ValueType.ARRAY, start, cursor.position(), at, 0, element, count, strings);
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
          cursor.skipString("the length of an entry");
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
  static long bits(MemorySegment file, ValueType type, long at) {
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

  /** A float's value from its bits. */
  static double real(ValueType type, long bits) {
    return type == ValueType.F32 ? Float.intBitsToFloat((int) bits) : Double.longBitsToDouble(bits);
  }
}
