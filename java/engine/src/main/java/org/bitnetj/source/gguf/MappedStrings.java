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

  private final MemorySegment file;
  private final int size;
  private final int longest;

  /** Byte of the length of entry {@code i << STRIDE_BITS}. */
  private final int[] marks;

  private MappedStrings(MemorySegment file, int size, int longest, int[] marks) {
    this.file = file;
    this.size = size;
    this.longest = longest;
    this.marks = marks;
  }

  /** Walks {@code size} strings, whose 8-byte lengths are known to fit in what is left. */
  static MappedStrings read(HeaderCursor cursor, int size) throws ModelFileException {
    int stride = 1 << STRIDE_BITS;
    int[] marks = new int[(size + stride - 1) >>> STRIDE_BITS];
    long longest = 0;
    for (int i = 0; i < size; i++) {
      if ((i & (stride - 1)) == 0) {
        marks[i >>> STRIDE_BITS] = (int) cursor.position();
      }
      longest = Math.max(longest, cursor.skipString("the length of an entry"));
    }
    return new MappedStrings(cursor.file(), size, (int) longest, marks);
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
  public String get(int index) {
    return new String(bytes(index), StandardCharsets.UTF_8);
  }
}
