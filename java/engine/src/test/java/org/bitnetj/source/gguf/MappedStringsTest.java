package org.bitnetj.source.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bitnetj.error.ModelFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MappedStringsTest {
  private static final Path PATH = Path.of("a.gguf");

  private static byte[] length(long length) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
  }

  private static byte[] stored(List<byte[]> strings) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] string : strings) {
      out.writeBytes(length(string.length));
      out.writeBytes(string);
    }
    return out.toByteArray();
  }

  /** Some longer than what is read at a time, and lengths on both sides of where that ends. */
  private static List<byte[]> strings() {
    Random random = new Random(5);
    List<byte[]> strings = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      byte[] string = new byte[i % 997 == 3 ? 70_000 + i : random.nextInt(60)];
      random.nextBytes(string);
      strings.add(string);
    }
    return strings;
  }

  @Test
  void entriesInTheirOrderAreThoseByTheirIndex() throws ModelFileException {
    List<byte[]> strings = strings();
    HeaderCursor cursor = new HeaderCursor(PATH, MemorySegment.ofArray(stored(strings)));
    MappedStrings read = MappedStrings.read(cursor, strings.size());
    assertEquals(0, cursor.remaining());
    assertEquals(strings.stream().mapToInt(s -> s.length).max().orElseThrow(), read.longest());
    List<byte[]> seen = new ArrayList<>();
    read.forEach(
        (index, bytes, from, to) -> {
          assertEquals(seen.size(), index);
          seen.add(Arrays.copyOfRange(bytes, from, to));
        });
    assertEquals(strings.size(), seen.size());
    for (int i = 0; i < strings.size(); i++) {
      assertArrayEquals(strings.get(i), seen.get(i), "entry " + i);
      assertArrayEquals(strings.get(i), read.bytes(i), "entry " + i);
    }
  }

  @Test
  void noneAreNone() throws ModelFileException {
    HeaderCursor cursor = new HeaderCursor(PATH, MemorySegment.ofArray(new byte[3]));
    MappedStrings read = MappedStrings.read(cursor, 0);
    read.forEach(
        (index, bytes, from, to) -> {
          throw new AssertionError(index);
        });
    assertEquals(3, cursor.remaining());
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 5, 1L << 31, 1L << 40, Long.MAX_VALUE, -1, Long.MIN_VALUE})
  void anEntryThatLeavesTheFileIsSaid(long claimed) {
    byte[] first = stored(List.of(new byte[] {1, 2}));
    byte[] file = Arrays.copyOf(first, first.length + 8 + 3);
    System.arraycopy(length(claimed), 0, file, first.length, 8);
    HeaderCursor cursor = new HeaderCursor(PATH, MemorySegment.ofArray(file));
    String sentence =
        assertThrows(ModelFileException.class, () -> MappedStrings.read(cursor, 2)).getMessage();
    String bytes = Long.toUnsignedString(claimed);
    assertTrue(
        sentence.contains("(byte 10) has a string of " + bytes + " bytes, but only 3 follow"),
        sentence);
  }

  @Test
  void aLengthThatIsCutOffIsSaid() {
    byte[] file = Arrays.copyOf(stored(List.of(new byte[] {1, 2})), 10 + 7);
    HeaderCursor cursor = new HeaderCursor(PATH, MemorySegment.ofArray(file));
    String sentence =
        assertThrows(ModelFileException.class, () -> MappedStrings.read(cursor, 2)).getMessage();
    assertTrue(sentence.contains("it needs 8 bytes and 7 follow"), sentence);
  }
}
