package org.bitnetj.source.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.StringArray;

/**
 * An array of strings in the mapped header. Only the place of every eighth entry is kept, so that
 * opening a file costs a walk over the lengths and half a byte per string.
 */
final class MappedStrings implements StringArray {
  private static final int STRIDE_BITS = 3;
  private static final int LENGTH_BYTES = 8;
  private static final int WINDOW_BYTES = 1 << 16;

  private final MemorySegment file;
  private final int size;
  private final int longest;

  /** Byte of the length of entry {@code i << STRIDE_BITS}. */
  private final int[] marks;

  /** Byte after the part of the file that they are in. */
  private final long end;

  private MappedStrings(MemorySegment file, int size, int longest, int[] marks, long end) {
    this.file = file;
    this.size = size;
    this.longest = longest;
    this.marks = marks;
    this.end = end;
  }

  /** Walks {@code size} strings, whose 8-byte lengths are known to fit in what is left. */
  static MappedStrings read(HeaderCursor cursor, int size) throws ModelFileException {
    int stride = 1 << STRIDE_BITS;
    int[] marks = new int[(size + stride - 1) >>> STRIDE_BITS];
    long longest = 0;
    long end = cursor.position() + cursor.remaining();
    Window window = new Window(cursor.file(), end);
    long at = cursor.position();
    for (int i = 0; i < size; i++) {
      if ((i & (stride - 1)) == 0) {
        marks[i >>> STRIDE_BITS] = (int) at;
      }
      long length = end - at < LENGTH_BYTES ? -1 : window.length(at);
      if (length < 0 || length > end - at - LENGTH_BYTES) {
        cursor.skip(at - cursor.position(), "its entries");
        cursor.skipString("the length of an entry"); // which says what is wrong
        throw new AssertionError(length);
      }
      longest = Math.max(longest, length);
      at += LENGTH_BYTES + length;
    }
    cursor.skip(at - cursor.position(), "its entries");
    return new MappedStrings(cursor.file(), size, (int) longest, marks, end);
  }

  /**
   * A part of the file in an array: the first walk over a vocabulary is interpreted, and to read
   * mapped memory takes an interpreter many calls.
   */
  private static final class Window {
    private final MemorySegment file;
    private final long end;
    private byte[] bytes = new byte[0];
    private long start;
    private int filled;

    /**
     * @param end of what is read
     */
    Window(MemorySegment file, long end) {
      this.file = file;
      this.end = end;
    }

    /** Where in {@link #bytes} that many of the file are from {@code at} on. */
    int index(long at, int count) {
      long index = at - start;
      if (index + count > filled) {
        if (bytes.length < count) {
          bytes = new byte[Math.max(count, WINDOW_BYTES)];
        }
        start = at;
        filled = (int) Math.min(bytes.length, end - at);
        MemorySegment.copy(file, ValueLayout.JAVA_BYTE, at, bytes, 0, filled);
        index = 0;
      }
      return (int) index;
    }

    /** The length that is at {@code at}, in little-endian order. */
    long length(long at) {
      int i = index(at, LENGTH_BYTES);
      byte[] b = bytes;
      int low = b[i] & 0xFF | (b[i + 1] & 0xFF) << 8 | (b[i + 2] & 0xFF) << 16 | b[i + 3] << 24;
      int high =
          b[i + 4] & 0xFF | (b[i + 5] & 0xFF) << 8 | (b[i + 6] & 0xFF) << 16 | b[i + 7] << 24;
      return low & 0xFFFFFFFFL | (long) high << 32;
    }
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int longest() {
    return longest;
  }

  @Override
  public byte[] bytes(int index) {
    Objects.checkIndex(index, size);
    long at = marks[index >>> STRIDE_BITS];
    for (int i = index & ((1 << STRIDE_BITS) - 1); i > 0; i--) {
      at += 8 + file.get(HeaderCursor.LONG, at);
    }
    byte[] bytes = new byte[(int) file.get(HeaderCursor.LONG, at)];
    MemorySegment.copy(file, ValueLayout.JAVA_BYTE, at + 8, bytes, 0, bytes.length);
    return bytes;
  }

  @Override
  public <E extends Exception> void forEach(Reader<E> reader) throws E {
    Window window = new Window(file, end);
    long at = size == 0 ? 0 : marks[0];
    for (int index = 0; index < size; index++) {
      int length = (int) window.length(at);
      int from = window.index(at + LENGTH_BYTES, length);
      reader.read(index, window.bytes, from, from + length);
      at += LENGTH_BYTES + length;
    }
  }

  @Override
  public String get(int index) {
    return new String(bytes(index), StandardCharsets.UTF_8);
  }
}
