package org.bitnetj.source.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufWriterTest {
  @TempDir Path folder;

  private static GgufHeader small() {
    return new GgufHeader()
        .text("general.architecture", "bitnet-b1.58")
        .u32("a.block_count", 0xFFFFFFFFL)
        .f32("a.eps", 1e-5f)
        .flag("a.flag", true)
        .texts("a.texts", List.of("", "ünï", "\0"))
        .i32s("a.ints", 1, -2, 3)
        .f32s("a.floats", 0.5f)
        .tensor("norm", WeightFormats.F32, 3)
        .tensor("w", WeightFormats.TQ2_0, 256, 2);
  }

  private static byte[] random(long seed, int bytes) {
    byte[] random = new byte[bytes];
    new SplittableRandom(seed).nextBytes(random);
    return random;
  }

  private static void fill(GgufWriter writer) throws IOException {
    writer.begin("norm");
    writer.write(ByteBuffer.wrap(random(1, 12)));
    writer.begin("w");
    byte[] w = random(2, 132);
    writer.write(ByteBuffer.wrap(w, 0, 100));
    writer.write(MemorySegment.ofArray(w).asSlice(100));
  }

  private List<String> filesLeft() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    Path path = folder.resolve("m.gguf");
    try (GgufWriter writer = GgufWriter.create(path, small())) {
      fill(writer);
      assertEquals(writer.size(), writer.written());
      assertFalse(Files.exists(path));
      writer.commit();
    }
    assertEquals(List.of("m.gguf"), filesLeft());
    try (GgufFile file = GgufFile.open(path)) {
      Metadata m = file.metadata();
      assertEquals("bitnet-b1.58", m.text("general.architecture"));
      assertEquals(0xFFFFFFFFL, m.integer("a.block_count"));
      assertEquals(1e-5f, (float) m.number("a.eps"));
      assertTrue(m.findFlag("a.flag").orElseThrow());
      assertEquals("\0", m.findTexts("a.texts").orElseThrow().get(2));
      assertArrayEquals(new int[] {1, -2, 3}, m.findIntegers("a.ints").orElseThrow());
      assertArrayEquals(new float[] {0.5f}, m.findFloats("a.floats").orElseThrow());
      assertEquals(List.of("norm", "w"), file.tensors().stream().map(Tensor::name).toList());
      assertEquals(List.of(256L, 2L), file.tensor("w").dims());
      assertArrayEquals(random(1, 12), bytes(file.tensor("norm")));
      assertArrayEquals(random(2, 132), bytes(file.tensor("w")));
    }
  }

  private static byte[] bytes(Tensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void everyKindOfValueIsCopiedFromAnotherFile() throws IOException {
    GgufBytes bytes = new GgufBytes().key("text", "x").key("n", 7);
    bytes.key("nested", 9, GgufBytes.array(9, GgufBytes.array(8, GgufBytes.string("deep"))));
    bytes.key("tokens", "a", "b", "c");
    Path from = Files.write(folder.resolve("from.gguf"), bytes.toByteArray());
    Path to = folder.resolve("to.gguf");
    try (GgufFile source = GgufFile.open(from)) {
      GgufHeader header = new GgufHeader();
      source.metadata().keys().forEach(key -> header.copy(source, key));
      try (GgufWriter writer = GgufWriter.create(to, header)) {
        writer.commit();
      }
      assertThrows(IllegalArgumentException.class, () -> header.copy(source, "absent"));
    }
    byte[] copy = Files.readAllBytes(to);
    assertArrayEquals(bytes.header(), Arrays.copyOf(copy, bytes.header().length));
  }

  @Test
  void theShippedModelIsWrittenAgainByteForByte() throws IOException {
    Path from = Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");
    Path to = folder.resolve("copy.gguf");
    try (GgufFile source = GgufFile.open(from)) {
      GgufHeader header = new GgufHeader();
      source.metadata().keys().forEach(key -> header.copy(source, key));
      for (Tensor tensor : source.tensors()) {
        long[] dims = tensor.dims().stream().mapToLong(Long::longValue).toArray();
        header.tensor(tensor.name(), tensor.format(), dims);
      }
      try (GgufWriter writer = GgufWriter.create(to, header)) {
        for (Tensor tensor : source.tensors()) {
          writer.begin(tensor.name());
          writer.write(tensor.data());
        }
        writer.commit();
      }
    }
    assertEquals(-1, Files.mismatch(from, to));
  }

  @Test
  void withoutCommitNothingIsLeftAndTheOldFileStays() throws IOException {
    Path path = Files.writeString(folder.resolve("m.gguf"), "old");
    try (GgufWriter writer = GgufWriter.create(path, small())) {
      fill(writer);
      assertEquals(2, filesLeft().size());
    }
    assertEquals(List.of("m.gguf"), filesLeft());
    assertEquals("old", Files.readString(path));
    try (GgufWriter writer = GgufWriter.create(path, small())) {
      fill(writer);
      writer.commit();
      assertThrows(IllegalStateException.class, writer::commit);
    }
    try (GgufFile file = GgufFile.open(path)) {
      assertEquals(2, file.tensors().size());
    }
  }

  /** A disk with room for a limited number of bytes. */
  private static WritableByteChannel fullAfter(FileChannel file, int bytes) {
    return new WritableByteChannel() {
      private int room = bytes;

      @Override
      public int write(ByteBuffer from) throws IOException {
        if (room == 0) {
          throw new IOException("No space left on device");
        }
        int n = Math.min(Math.min(room, 7), from.remaining());
        int written = file.write(from.slice(from.position(), n));
        from.position(from.position() + written);
        room -= written;
        return written;
      }

      @Override
      public boolean isOpen() {
        return file.isOpen();
      }

      @Override
      public void close() throws IOException {
        file.close();
      }
    };
  }

  @Test
  void aFullDiskLeavesNothingBehindWhereverItStrikes() throws IOException {
    Path path = folder.resolve("m.gguf");
    GgufHeader header = small();
    int size = header.toByteArray().length + (int) header.dataBytes();
    for (int room = 0; room <= size; room++) {
      int bytes = room;
      GgufWriter.Disk disk = file -> fullAfter(file.channel(), bytes);
      if (room == size) {
        try (GgufWriter writer = GgufWriter.create(path, header, disk)) {
          fill(writer);
          writer.commit();
        }
        assertEquals(List.of("m.gguf"), filesLeft());
        assertEquals(size, Files.size(path));
        return;
      }
      String message =
          assertThrows(
                  ModelFileException.class,
                  () -> {
                    try (GgufWriter writer = GgufWriter.create(path, header, disk)) {
                      fill(writer);
                      writer.commit();
                    }
                  })
              .getMessage();
      assertTrue(
          message.contains("m.gguf: No space left on device; no part of it is left."), message);
      assertEquals(List.of(), filesLeft());
    }
  }

  /** More than are gathered before the disk hears of any. */
  @Test
  void aLargeTensorIsWrittenHoweverItComes() throws IOException {
    byte[] bytes = random(3, 40 << 20);
    GgufHeader header = new GgufHeader().tensor("w", WeightFormats.F16, bytes.length / 2);
    Path path = folder.resolve("large.gguf");
    SplittableRandom random = new SplittableRandom(4);
    try (GgufWriter writer = GgufWriter.create(path, header)) {
      writer.begin("w");
      for (int at = 0, n; at < bytes.length; at += n) {
        n = Math.min(random.nextInt(1, 20 << 20), bytes.length - at);
        ByteBuffer part = ByteBuffer.wrap(bytes, at, n);
        writer.write(part);
        assertFalse(part.hasRemaining());
      }
      writer.commit();
    }
    byte[] written = Files.readAllBytes(path);
    int from = written.length - bytes.length;
    assertEquals(-1, Arrays.mismatch(bytes, 0, bytes.length, written, from, written.length));
    assertArrayEquals(header.toByteArray(), Arrays.copyOf(written, from));
  }

  /** As a channel past the system's cache takes them. */
  @Test
  void allBlocksButTheLastAreWholePagesOfMemoryAndOfTheFile() throws IOException {
    GgufHeader header = new GgufHeader().tensor("w", WeightFormats.F16, 10 << 20);
    List<Integer> unaligned = new ArrayList<>();
    GgufWriter.Disk disk =
        file ->
            new WritableByteChannel() {
              @Override
              public int write(ByteBuffer from) throws IOException {
                boolean whole = from.remaining() % (1 << 16) == 0;
                if (!whole || !from.isDirect() || from.alignmentOffset(0, 1 << 16) != 0) {
                  unaligned.add(from.remaining());
                }
                return file.channel().write(from);
              }

              @Override
              public boolean isOpen() {
                return true;
              }

              @Override
              public void close() {}
            };
    try (GgufWriter writer = GgufWriter.create(folder.resolve("m.gguf"), header, disk)) {
      writer.begin("w");
      for (int i = 0; i < 20; i++) {
        writer.write(ByteBuffer.allocate(1 << 20));
      }
      writer.commit();
      assertEquals(List.of((int) (writer.size() - (16 << 20))), unaligned);
    }
  }

  @Test
  void aDiskThatFillsLateIsNoticed() {
    GgufHeader header = new GgufHeader().tensor("w", WeightFormats.F16, 20 << 20);
    GgufWriter.Disk disk =
        file ->
            new WritableByteChannel() {
              private boolean full;

              @Override
              public int write(ByteBuffer from) throws IOException {
                if (full) {
                  throw new IOException("No space left on device");
                }
                full = true;
                return file.channel().write(from);
              }

              @Override
              public boolean isOpen() {
                return true;
              }

              @Override
              public void close() {}
            };
    String message =
        assertThrows(
                ModelFileException.class,
                () -> {
                  try (GgufWriter writer =
                      GgufWriter.create(folder.resolve("m.gguf"), header, disk)) {
                    writer.begin("w");
                    for (int i = 0; i < 40; i++) {
                      writer.write(ByteBuffer.allocate(1 << 20));
                    }
                  }
                })
            .getMessage();
    assertTrue(message.contains("No space left on device; no part of it is left."), message);
    assertArrayEquals(new String[0], folder.toFile().list());
  }

  @Test
  void placesThatCannotBeWrittenAreSaid() throws IOException {
    assertRefused(folder, "is a directory");
    assertRefused(folder.resolve("absent").resolve("m.gguf"), "folder");
    assertRefused(Path.of("/dev/null"), "not a regular file");
  }

  private static void assertRefused(Path path, String part) {
    String message =
        assertThrows(ModelFileException.class, () -> GgufWriter.create(path, small()).close())
            .getMessage();
    assertTrue(message.contains(path.toString()) && message.contains(part), message);
  }

  @Test
  void aFileLargerThanTheDiskIsRefusedAtOnce() throws IOException {
    GgufHeader header = new GgufHeader().tensor("t", WeightFormats.F16, 1L << 60);
    Path path = folder.resolve("m.gguf");
    String message =
        assertThrows(ModelFileException.class, () -> GgufWriter.create(path, header).close())
            .getMessage();
    assertTrue(message.contains("free"), message);
    assertEquals(List.of(), filesLeft());
  }

  @Test
  void aLinkIsFollowed() throws IOException {
    Path target = Files.writeString(folder.resolve("target.gguf"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("link.gguf"), target);
    try (GgufWriter writer = GgufWriter.create(link, small())) {
      fill(writer);
      writer.commit();
    }
    assertTrue(Files.isSymbolicLink(link));
    try (GgufFile file = GgufFile.open(target)) {
      assertEquals(2, file.tensors().size());
    }
  }

  @Test
  void callsOutOfOrderAreErrors() throws IOException {
    try (GgufWriter writer = GgufWriter.create(folder.resolve("m.gguf"), small());
        Arena arena = Arena.ofConfined()) {
      assertThrows(IllegalStateException.class, () -> writer.write(arena.allocate(1)));
      assertThrows(IllegalStateException.class, () -> writer.begin("w"));
      writer.begin("norm");
      assertThrows(IllegalStateException.class, () -> writer.begin("w"));
      assertThrows(IllegalStateException.class, () -> writer.write(arena.allocate(13)));
      assertThrows(IllegalStateException.class, writer::commit);
      writer.write(arena.allocate(12));
      assertThrows(IllegalStateException.class, writer::commit);
      writer.begin("w");
      writer.write(arena.allocate(132));
      assertThrows(IllegalStateException.class, () -> writer.begin("more"));
    }
  }

  @Test
  void aClosedWriterTakesNothing() throws IOException {
    GgufWriter writer = GgufWriter.create(folder.resolve("m.gguf"), new GgufHeader());
    writer.close();
    writer.close();
    assertThrows(IllegalStateException.class, writer::commit);
  }

  @Test
  void headersThatNoReaderWouldTakeAreRefused() {
    GgufHeader header = new GgufHeader().u32("k", 1).tensor("t", WeightFormats.F32, 1);
    assertThrows(IllegalArgumentException.class, () -> header.u32("k", 2));
    assertThrows(IllegalArgumentException.class, () -> header.u32("n", -1));
    assertThrows(IllegalArgumentException.class, () -> header.text("", "x"));
    assertThrows(IllegalArgumentException.class, () -> header.text("a\nb", "x"));
    assertThrows(IllegalArgumentException.class, () -> header.u32("general.alignment", 64));
    assertThrows(IllegalArgumentException.class, () -> header.tensor("t", WeightFormats.F32, 1));
    assertThrows(IllegalArgumentException.class, () -> header.tensor("u", WeightFormats.F32));
    assertThrows(IllegalArgumentException.class, () -> header.tensor("u", WeightFormats.F32, 0));
    assertThrows(IllegalArgumentException.class, () -> header.tensor("u", WeightFormats.Q8_0, 31));
  }
}
