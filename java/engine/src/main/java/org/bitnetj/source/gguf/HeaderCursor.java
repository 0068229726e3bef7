package org.bitnetj.source.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.Printable;

/**
 * Reads a GGUF header from front to back and never past its end: every read is checked first, and a
 * failed check is a sentence that names the file, the key or tensor being read and the byte. Not
 * safe to share.
 */
final class HeaderCursor {
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Most bytes of header read; the largest published vocabularies take 40 MiB. Fits an int. */
  static final long MAX_HEADER_BYTES = 256L << 20;

  /** Longest key or tensor name accepted. ggml's own limit is 64. */
  static final int MAX_NAME_BYTES = 1024;

  private final Path path;
  private final MemorySegment file;
  private final long limit;
  private long position;
  private String place = "the header";

  HeaderCursor(Path path, MemorySegment file) {
    this.path = path;
    this.file = file;
    this.limit = Math.min(file.byteSize(), MAX_HEADER_BYTES);
  }

  Path path() {
    return path;
  }

  MemorySegment file() {
    return file;
  }

  long position() {
    return position;
  }

  /** Bytes left that may still belong to the header. */
  long remaining() {
    return limit - position;
  }

  /** What is being read from here on, as the subject of a sentence. */
  void place(String subject) {
    place = subject;
  }

  int u32(String what) throws ModelFileException {
    require(4, what);
    int value = file.get(INT, position);
    position += 4;
    return value;
  }

  long u64(String what) throws ModelFileException {
    require(8, what);
    long value = file.get(LONG, position);
    position += 8;
    return value;
  }

  /** A 64-bit count of things that take at least {@code leastBytes} each and are at most max. */
  int count(String what, long max, int leastBytes) throws ModelFileException {
    long at = position;
    long n = u64("its count of " + what);
    if (Long.compareUnsigned(n, max) > 0) {
      throw failure(
          at,
          "counts "
              + Long.toUnsignedString(n)
              + " "
              + what
              + ", more than the "
              + max
              + " that any model needs; the file is damaged");
    }
    if (n * leastBytes > remaining()) {
      throw failure(
          at,
          "counts " + n + " " + what + ", but only " + remaining() + " bytes follow" + advice());
    }
    return (int) n;
  }

  /** A metadata key or tensor name: one to 1024 bytes of UTF-8 without invisible characters. */
  String name(String what) throws ModelFileException {
    long at = position;
    long length = u64("the length of its " + what);
    if (length <= 0 || length > MAX_NAME_BYTES) {
      throw failure(
          at,
          "has a "
              + what
              + " of "
              + Long.toUnsignedString(length)
              + " bytes; it must have 1 to "
              + MAX_NAME_BYTES
              + ", so the file is damaged");
    }
    require(length, "its " + what);
    byte[] bytes = new byte[(int) length];
    MemorySegment.copy(file, ValueLayout.JAVA_BYTE, position, bytes, 0, bytes.length);
    String text = Printable.strictUtf8(bytes);
    if (text == null || Printable.hides(text)) {
      String shown = Printable.of(new String(bytes, StandardCharsets.UTF_8), 80);
      throw failure(
          at, "has the " + what + " '" + shown + "', which is not plain text; the file is damaged");
    }
    position += length;
    return text;
  }

  /** Throws {@link IllegalArgumentException} for what {@link #name} would refuse. */
  static void checkName(String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > MAX_NAME_BYTES || Printable.hides(name)) {
      throw new IllegalArgumentException(
          "'" + Printable.of(name, 80) + "' is not a valid GGUF name");
    }
  }

  void skip(long bytes, String what) throws ModelFileException {
    require(bytes, what);
    position += bytes;
  }

  /** Skips a string and gives its length, which a message calls {@code what}. */
  long skipString(String what) throws ModelFileException {
    long at = position;
    long length = u64(what);
    if (length < 0 || length > remaining()) {
      throw failure(
          at,
          "has a string of "
              + Long.toUnsignedString(length)
              + " bytes, but only "
              + remaining()
              + " follow"
              + advice());
    }
    position += length;
    return length;
  }

  private void require(long bytes, String what) throws ModelFileException {
    if (bytes > remaining()) {
      throw failure(
          position,
          "lacks "
              + what
              + ": it needs "
              + bytes
              + " bytes and "
              + remaining()
              + " follow"
              + advice());
    }
  }

  /** What to do about a header that does not fit. */
  private String advice() {
    return limit < file.byteSize()
        ? " in the " + MAX_HEADER_BYTES + " bytes that a header may take; the file is damaged"
        : "; the file is damaged or incomplete, download it again";
  }

  /** A sentence about what is being read; {@code clause} follows its name. */
  ModelFileException failure(long at, String clause) {
    return new ModelFileException(path + ": " + place + " (byte " + at + ") " + clause + ".");
  }
}
