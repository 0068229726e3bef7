package org.bitnetj.source.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {
  @TempDir Path folder;

  private GgufFile open(GgufBytes bytes) throws IOException {
    return GgufFile.open(Files.write(folder.resolve("m.gguf"), bytes.toByteArray()));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void readsEveryMetadataTypeOfBothVersions(int version) throws IOException {
    GgufBytes bytes =
        new GgufBytes()
            .version(version)
            .key("u8", 0, new byte[] {(byte) 200})
            .key("i8", 1, new byte[] {-5})
            .key("u16", 2, new byte[] {(byte) 0xFF, (byte) 0xFF})
            .key("i16", 3, new byte[] {(byte) 0xFE, (byte) 0xFF})
            .key("u32", 4, GgufBytes.u32(-1))
            .key("i32", 5, GgufBytes.u32(-7))
            .key("f32", 1.5f)
            .key("bool", true)
            .key("string", "line\nbreak")
            .key("u64", 10, GgufBytes.u64(1L << 40))
            .key("i64", 11, GgufBytes.u64(-1L << 40))
            .key("f64", 12, GgufBytes.u64(Double.doubleToRawLongBits(0.1)))
            .key("texts", "", "b", "ünï")
            .key("ints", 9, GgufBytes.array(5, GgufBytes.u32(1), GgufBytes.u32(-2)))
            .key("floats", 9, GgufBytes.array(6, GgufBytes.u32(Float.floatToRawIntBits(2.5f))))
            .key("nested", 9, GgufBytes.array(9, GgufBytes.array(8, GgufBytes.string("deep"))));
    try (GgufFile file = open(bytes)) {
      Metadata m = file.metadata();
      assertEquals(version, file.version());
      assertEquals(
          List.of(
              "u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "u64", "i64", "f64",
              "texts", "ints", "floats", "nested"),
          List.copyOf(m.keys()));
      assertEquals(200, m.integer("u8"));
      assertEquals(-5, m.integer("i8"));
      assertEquals(65535, m.integer("u16"));
      assertEquals(-2, m.integer("i16"));
      assertEquals(4294967295L, m.integer("u32"));
      assertEquals(-7, m.integer("i32"));
      assertEquals(1L << 40, m.integer("u64"));
      assertEquals(-1L << 40, m.integer("i64"));
      assertEquals(1.5, m.number("f32"));
      assertEquals(0.1, m.number("f64"));
      assertEquals(-7.0, m.number("i32"));
      assertTrue(m.findFlag("bool").orElseThrow());
      assertEquals("line\nbreak", m.text("string"));
      assertEquals("\"line\\nbreak\"", m.describe("string"));
      StringArray texts = m.findTexts("texts").orElseThrow();
      assertEquals(3, texts.size());
      assertEquals(5, texts.longest());
      assertEquals("", texts.get(0));
      assertEquals("ünï", texts.get(2));
      assertEquals(5, texts.bytes(2).length);
      assertThrows(IndexOutOfBoundsException.class, () -> texts.get(3));
      assertEquals(3, m.findLength("texts").orElseThrow());
      assertEquals(2, m.findLength("ints").orElseThrow());
      assertArrayEquals(new int[] {1, -2}, m.findIntegers("ints").orElseThrow());
      assertArrayEquals(new float[] {2.5f}, m.findFloats("floats").orElseThrow());
      assertEquals("array of 2 i32 [1, -2]", m.describe("ints"));
      assertEquals("array of 1 array", m.describe("nested"));
    }
  }

  @Test
  void aKeyOfAnotherTypeIsAnErrorThatNamesFileKeyAndType() throws IOException {
    try (GgufFile file = open(new GgufBytes().key("a", 1).key("big", 10, GgufBytes.u64(-1)))) {
      Metadata m = file.metadata();
      String message = assertThrows(ModelFileException.class, () -> m.findText("a")).getMessage();
      assertTrue(message.contains("m.gguf"), message);
      assertTrue(message.contains("'a' (byte 37) is of type u32, but must be text"), message);
      assertThrows(ModelFileException.class, () -> m.findFlag("a"));
      assertThrows(ModelFileException.class, () -> m.findLength("a"));
      assertThrows(ModelFileException.class, () -> m.findTexts("a"));
      assertThrows(ModelFileException.class, () -> m.findIntegers("a"));
      assertThrows(ModelFileException.class, () -> m.findFloats("a"));
      message = assertThrows(ModelFileException.class, () -> m.integer("big")).getMessage();
      assertTrue(message.contains("18446744073709551615"), message);
      assertThrows(ModelFileException.class, () -> m.number("big"));
      assertEquals("18446744073709551615", m.describe("big"));
      assertThrows(ModelFileException.class, () -> m.text("absent"));
      assertTrue(m.findText("absent").isEmpty());
      assertTrue(m.findIntegers("absent").isEmpty());
      assertTrue(m.findLength("absent").isEmpty());
    }
  }

  @Test
  void longStringArraysGiveEveryEntry() throws IOException {
    String[] texts = new String[1000];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = "x".repeat(i % 7) + i;
    }
    try (GgufFile file = open(new GgufBytes().key("texts", texts))) {
      StringArray read = file.metadata().findTexts("texts").orElseThrow();
      assertEquals(texts.length, read.size());
      for (int i = texts.length - 1; i >= 0; i--) {
        assertEquals(texts[i], read.get(i));
      }
    }
  }

  @Test
  void tensorsComeInFileOrderWithExactlyTheirBytes() throws IOException {
    byte[] ternary = new byte[2 * 66];
    ternary[ternary.length - 1] = 9;
    GgufBytes bytes =
        new GgufBytes()
            .tensor("z", WeightFormats.F32.id(), new byte[12], 3)
            .tensor("a", WeightFormats.TQ2_0.id(), ternary, 256, 2)
            .tensor("m", WeightFormats.F16.id(), new byte[] {1, 2}, 1);
    try (GgufFile file = open(bytes)) {
      assertEquals(List.of("z", "a", "m"), file.tensors().stream().map(Tensor::name).toList());
      Tensor a = file.tensor("a");
      assertEquals(WeightFormats.TQ2_0, a.format());
      assertEquals(List.of(256L, 2L), a.dims());
      assertEquals(132, a.data().byteSize());
      assertEquals(9, a.data().get(ValueLayout.JAVA_BYTE, 131));
      assertTrue(a.data().isReadOnly());
      assertEquals(file.size(), file.tensor("m").offset() + 2);
      String message =
          assertThrows(ModelFileException.class, () -> file.tensor("absent")).getMessage();
      assertTrue(message.contains("'absent'"), message);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Q2_0", "Q2_0_G128", "STQ1_0", "TL2"})
  void theSizesTellTypesUnderOneIdApart(String name) throws IOException {
    WeightFormat format = WeightFormats.named(name).orElseThrow();
    int bytes = (int) format.bytes(List.of(512L, 96L));
    GgufBytes file =
        new GgufBytes()
            .tensor("a", 42, new byte[bytes], 512, 96)
            .tensor("b", 42, new byte[bytes], 512, 96);
    try (GgufFile read = open(file)) {
      assertEquals(format.name(), read.tensor("a").format().name());
      assertEquals(format.name(), read.tensor("b").format().name());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"MXFP4", "TL2"})
  void theOldIdOfTl2IsToldFromMxfp4(String name) throws IOException {
    WeightFormat format = WeightFormats.named(name).orElseThrow();
    int bytes = (int) format.bytes(List.of(512L, 96L));
    try (GgufFile read = open(new GgufBytes().tensor("a", 39, new byte[bytes], 512, 96))) {
      assertEquals(format.name(), read.tensor("a").format().name());
    }
  }

  @Test
  void aWeightBeyondFourGibibytesIsRead() throws IOException {
    long elements = 5L << 30;
    long offset = elements; // one byte each
    GgufBytes bytes =
        new GgufBytes()
            .entry("big", 24 /* I8 */, 0, 1L << 20, elements >> 20)
            .entry("last", WeightFormats.F32.id(), offset, 2);
    byte[] header = bytes.toByteArray();
    Path path = folder.resolve("sparse.gguf");
    try (FileChannel channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(ByteBuffer.wrap(header), 0);
      channel.write(ByteBuffer.wrap(GgufBytes.u64(0x1122334455667788L)), header.length + offset);
    }
    try (GgufFile file = GgufFile.open(path)) {
      assertEquals(elements, file.tensor("big").data().byteSize());
      assertEquals(elements, file.tensor("big").elements());
      assertEquals(0, file.tensor("big").data().get(ValueLayout.JAVA_BYTE, elements - 1));
      assertEquals(0x1122334455667788L, file.tensor("last").data().get(HeaderCursor.LONG, 0));
    }
  }

  @Test
  void anInterruptedThreadIsToldSoAndStaysInterrupted() throws IOException {
    Path path = Files.write(folder.resolve("m.gguf"), new GgufBytes().toByteArray());
    Thread.currentThread().interrupt();
    ModelFileException e;
    try {
      e = assertThrows(ModelFileException.class, () -> GgufFile.open(path).close());
    } finally {
      assertTrue(Thread.interrupted());
    }
    assertEquals(path + ": reading was interrupted; open the file again.", e.getMessage());
    GgufFile.open(path).close();
  }

  @Test
  void anyThreadMayReadAndCloseAndClosingTwiceIsFine() throws Exception {
    GgufFile file = open(new GgufBytes().tensor("a", WeightFormats.F32.id(), new byte[4], 1));
    Tensor a = file.tensor("a");
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      assertEquals(0, other.submit(() -> a.data().get(ValueLayout.JAVA_INT, 0)).get());
      other.submit(file::close).get();
    }
    file.close();
    assertFalse(a.data().scope().isAlive());
    assertThrows(IllegalStateException.class, () -> a.data().get(ValueLayout.JAVA_INT, 0));
  }

  @Test
  void aFileReadIntoMemoryIsTheSameFile() throws IOException {
    Path path = Files.write(folder.resolve("m.gguf"), new GgufBytes().key("a.b", 7).toByteArray());
    try (GgufFile mapped = GgufFile.open(path);
        GgufFile read = GgufFile.load(path)) {
      assertEquals(mapped.size(), read.size());
      assertEquals(7, read.metadata().integer("a.b"));
      assertTrue(mapped.bytes().mapped());
      assertFalse(read.bytes().mapped());
    }
  }

  @Test
  void aFileLargerThanTheMachinesMemoryIsNotRead() throws IOException {
    Path path = Files.write(folder.resolve("m.gguf"), new byte[3 << 20]);
    String sentence =
        assertThrows(
                ModelFileException.class,
                () -> GgufFile.load(path, OptionalLong.of(2L << 20), LayoutOptions.none()))
            .getMessage();
    assertTrue(
        sentence.startsWith(path + ": reading it takes 3 MiB of memory, but there are only 2 MiB"),
        sentence);
    assertThrows(
        ModelFileException.class,
        () -> GgufFile.load(path, OptionalLong.of(4L << 20), LayoutOptions.none()));
    assertThrows(ModelFileException.class, () -> GgufFile.load(folder));
  }
}
