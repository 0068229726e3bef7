package org.bitnetj.source.gguf;

import org.jspecify.annotations.Nullable;

/** The types of GGUF metadata values, in the order of their ids. */
enum ValueType {
  U8(1),
  I8(1),
  U16(2),
  I16(2),
  U32(4),
  I32(4),
  F32(4),
  BOOL(1),
  /** A 64-bit length and that many bytes. */
  STRING(0),
  /** A 32-bit element type, a 64-bit count and the elements. */
  ARRAY(0),
  U64(8),
  I64(8),
  F64(8);

  private static final ValueType[] ALL = values();

  private final int bytes;

  ValueType(int bytes) {
    this.bytes = bytes;
  }

  int id() {
    return ordinal();
  }

  /** Bytes of a value, 0 for the two whose size varies. */
  int bytes() {
    return bytes;
  }

  /** The fewest bytes a value can take. */
  int leastBytes() {
    return switch (this) {
      case STRING -> 8;
      case ARRAY -> 12;
      default -> bytes;
    };
  }

  boolean isInteger() {
    return switch (this) {
      case U8, I8, U16, I16, U32, I32, U64, I64 -> true;
      case F32, F64, BOOL, STRING, ARRAY -> false;
    };
  }

  boolean isFloat() {
    return this == F32 || this == F64;
  }

  /** What a person calls it: {@code u32}, {@code f64}, {@code string}. */
  String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  static @Nullable ValueType ofId(int id) {
    return id >= 0 && id < ALL.length ? ALL[id] : null;
  }
}
