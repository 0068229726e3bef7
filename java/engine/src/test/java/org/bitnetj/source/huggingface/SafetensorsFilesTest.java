package org.bitnetj.source.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.ModelBytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFilesTest {
  private static final String FIRST = "model-00001-of-00002.safetensors";
  private static final String SECOND = "model-00002-of-00002.safetensors";

  @TempDir Path folder;

  private static SafetensorsBytes small() {
    return new SafetensorsBytes()
        .tensor("a", "F32", new byte[] {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40}, 2)
        .tensor("b", "U8", new byte[] {1, 2, 3, 4, 5, 6}, 2, 3)
        .tensor("c", "BF16", new byte[] {0x40, 0x3f});
  }

  private String refusal(Path path) {
    for (boolean mapped : new boolean[] {true, false}) {
      ModelFileException e =
          assertThrows(
              ModelFileException.class, () -> SafetensorsFiles.open(path, mapped).bytes().close());
      assertTrue(e.getMessage().startsWith(folder.toString()), e.getMessage());
      assertTrue(e.getMessage().endsWith("."), e.getMessage());
    }
    return assertThrows(ModelFileException.class, () -> SafetensorsFiles.open(path, true))
        .getMessage();
  }

  private String refusal(byte[] file) throws IOException {
    return refusal(Files.write(folder.resolve("x.safetensors"), file));
  }

  /** A file with one tensor "w", said to be like that, and 16 bytes after the header. */
  private String refusalOf(String entry) throws IOException {
    String header = "{\"w\":" + entry + "}";
    return refusal(SafetensorsBytes.file(header + " ".repeat(-header.length() & 7), 16));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void tensorsAreFoundByTheirNames(boolean mapped) throws IOException {
    small().write(folder.resolve("model.safetensors"));
    SafetensorsFiles files = SafetensorsFiles.open(folder, mapped);
    try (ModelBytes bytes = files.bytes()) {
      assertEquals(List.of("a", "b", "c"), List.copyOf(files.tensors().keySet()));
      StoredTensor b = files.tensors().get("b");
      assertEquals(ElementType.U8, b.type());
      assertEquals(List.of(2L, 3L), b.shape());
      assertArrayEquals(new byte[] {1, 2, 3, 4, 5, 6}, b.data().toArray(ValueLayout.JAVA_BYTE));
      assertEquals(Files.size(folder.resolve("model.safetensors")), b.offset() + 6 + 2);
      assertEquals(List.of(), files.tensors().get("c").shape());
      assertEquals(mapped, bytes.mapped());
    }
    assertThrows(
        IllegalStateException.class,
        () -> files.tensors().get("a").data().get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void theIndexNamesTheFilesOfASplitModel() throws IOException {
    shards("{\"a\":\"" + FIRST + "\",\"b\":\"" + SECOND + "\"}");
    SafetensorsFiles files = SafetensorsFiles.open(folder, true);
    try (ModelBytes bytes = files.bytes()) {
      assertEquals(2, bytes.files().size());
      assertEquals(folder.resolve(FIRST), files.tensors().get("a").file());
      assertEquals(7, files.tensors().get("b").data().get(ValueLayout.JAVA_BYTE, 0));
    }
    String part = refusal(folder.resolve(SECOND));
    assertTrue(part.contains("one of the 2 files"), part);
  }

  private void shards(String map) throws IOException {
    new SafetensorsBytes().tensor("a", "U8", new byte[4096], 4096).write(folder.resolve(FIRST));
    new SafetensorsBytes().tensor("b", "U8", new byte[] {7}, 1).write(folder.resolve(SECOND));
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"metadata\":{\"total_size\":1},\"weight_map\":" + map + "}");
  }

  /** Bytes of several files are shared, released and closed together. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void claimsOnSeveralFilesAreOne(boolean mapped) throws IOException {
    shards("{\"a\":\"" + FIRST + "\",\"b\":\"" + SECOND + "\"}");
    SafetensorsFiles files = SafetensorsFiles.open(folder, mapped);
    StoredTensor b = files.tensors().get("b");
    ModelBytes share = files.bytes().share();
    if (!mapped) {
      assertThrows(IllegalStateException.class, () -> files.bytes().share());
    }
    share.release(files.tensors().get("a").data());
    files.bytes().close();
    assertEquals(7, b.data().get(ValueLayout.JAVA_BYTE, 0), "what is not released stays");
    assertThrows(IllegalStateException.class, () -> files.bytes().share());
    assertEquals(
        Files.size(folder.resolve(FIRST)) + Files.size(folder.resolve(SECOND)), share.size());
    share.close();
    share.close();
    assertThrows(IllegalStateException.class, () -> b.data().get(ValueLayout.JAVA_BYTE, 0));
  }

  /** A second share fails half-way where one file has had its only one; none is left behind. */
  @Test
  void aShareThatFailsLeavesNoClaim() throws IOException {
    shards("{}");
    ModelBytes first = ModelBytes.map(List.of(folder.resolve(FIRST)));
    ModelBytes second = ModelBytes.read(List.of(folder.resolve(SECOND)), OptionalLong.empty());
    ModelBytes both = new ModelBytes(List.of(first.files().get(0), second.files().get(0)));
    ModelBytes share = both.share();
    assertThrows(IllegalStateException.class, both::share);
    assertFalse(both.mapped());
    both.close();
    share.close();
    assertThrows(
        IllegalStateException.class,
        () -> first.files().get(0).segment().get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void aModelThatTakesMoreThanTheMemoryIsNotRead() throws IOException {
    shards("{}");
    String message =
        assertThrows(
                ModelFileException.class,
                () ->
                    ModelBytes.read(
                        List.of(folder.resolve(FIRST), folder.resolve(SECOND)),
                        OptionalLong.of(Files.size(folder.resolve(FIRST)))))
            .getMessage();
    assertTrue(message.contains(SECOND) && message.contains("MiB"), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":\"../x.safetensors\"}|not the name of a safetensors file",
        "{\"a\":\"..\\\\x.safetensors\"}|not the name of a safetensors file",
        "{\"a\":\"/etc/passwd\"}|not the name of a safetensors file",
        "{\"a\":\"C:x.safetensors\"}|not the name of a safetensors file",
        "{\"a\":\"model.bin\"}|not the name of a safetensors file",
        "{\"a\":\"\\u0000.safetensors\"}|not the name of a safetensors file",
        "{\"a\":7}|must be text",
        "{\"a\":\"model-00003-of-00003.safetensors\"}|there is no such file",
        "{\"a\":\"" + SECOND + "\",\"b\":\"" + FIRST + "\"}|where the index has it",
        "{\"a\":\"" + FIRST + "\",\"b\":\"" + FIRST + "\"}|is not in",
        "{\"a\":\"" + FIRST + "\",\"c\":\"" + SECOND + "\"}|is not in"
      })
  void anIndexThatNamesOtherFilesOrTensorsIsRefused(String map, String why) throws IOException {
    shards(map);
    String message = refusal(folder);
    assertTrue(message.contains(why), message);
  }

  @Test
  void aTensorThatTheIndexDoesNotNameIsRefused() throws IOException {
    shards("{\"a\":\"" + FIRST + "\"}");
    new SafetensorsBytes()
        .tensor("a", "U8", new byte[1], 1)
        .tensor("b", "U8", new byte[1], 1)
        .write(folder.resolve(FIRST));
    assertTrue(refusal(folder).contains("'b' is missing in model.safetensors.index.json"));
  }

  @Test
  void aTensorInTwoFilesIsRefused() throws IOException {
    shards("{\"a\":\"" + FIRST + "\",\"b\":\"" + SECOND + "\"}");
    new SafetensorsBytes()
        .tensor("a", "U8", new byte[1], 1)
        .tensor("b", "U8", new byte[1], 1)
        .write(folder.resolve(SECOND));
    assertTrue(refusal(folder).contains("is also in " + FIRST));
  }

  @Test
  void aFolderWithoutWeightsIsRefused() {
    assertTrue(refusal(folder).contains("is a directory without model.safetensors"));
    assertTrue(refusal(folder.resolve("none.safetensors")).contains("there is no such file"));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 1000, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE, -1})
  void aLengthThatTheFileCannotHoldIsRefused(long length) throws IOException {
    byte[] file = small().toByteArray();
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
    String message = refusal(file);
    assertTrue(message.contains("header's length is " + Long.toUnsignedString(length)), message);
  }

  @Test
  void everyTruncatedFileIsRefused() throws IOException {
    byte[] file = small().toByteArray();
    for (int length = 0; length < file.length; length++) {
      refusal(Arrays.copyOf(file, length));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,17]}|is said to be at [0, 17] of 16",
        "{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,0]}|is said to be at",
        "{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[-16,0]}|is said to be at",
        "{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16]}|is said to be at",
        "{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,16]}|has 16 bytes, which do not fit",
        "{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,16]}|has 16 bytes, which do not fit",
        "{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}|do not fit",
        "{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}|has the shape [0]",
        "{\"dtype\":\"F32\",\"shape\":[-4,-1],\"data_offsets\":[0,16]}|has the shape [-4, -1]",
        "{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}|has the shape",
        "{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,16]}|must be an integer",
        "{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,1]}|an integer",
        "{\"dtype\":\"F32\",\"shape\":4,\"data_offsets\":[0,16]}|'w.shape' must be an array",
        "{\"dtype\":\"BOOL\",\"shape\":[4],\"data_offsets\":[0,4]}|is of type 'BOOL'",
        "{\"dtype\":7,\"shape\":[4],\"data_offsets\":[0,4]}|'w.dtype' must be text",
        "{\"shape\":[4],\"data_offsets\":[0,4]}|'w.dtype' is missing",
        "{\"dtype\":\"F32\",\"data_offsets\":[0,4]}|'w.shape' is missing",
        "{\"dtype\":\"F32\",\"shape\":[1]}|'w.data_offsets' is missing",
        "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}|not a multiple of the size",
        "7|'w' must be an object"
      })
  void anEntryThatDoesNotFitIsRefused(String entry, String why) throws IOException {
    String message = refusalOf(entry);
    assertTrue(message.contains(why), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[]       |but not an object",
        "{\"w\":    |is not JSON",
        "{\"w\":{},\"w\":{}} |names 'w' twice",
        "{\"\\u001b\":{}}   |not printable",
        "{\"\":{}}          |is empty"
      })
  void aHeaderThatIsNoDirectoryIsRefused(String header, String why) throws IOException {
    String message = refusal(SafetensorsBytes.file(header, 16));
    assertTrue(message.contains(why), message);
  }

  @Test
  void tensorsThatOverlapAreRefused() throws IOException {
    String header =
        "{\"v\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
            + "\"w\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[7,15]}}";
    assertTrue(refusal(SafetensorsBytes.file(header, 16)).contains("inside tensor 'v'"));
  }

  @Test
  void aHeaderThatIsNotUtf8IsRefused() throws IOException {
    byte[] file = small().toByteArray();
    file[20] = (byte) 0xff;
    assertTrue(refusal(file).contains("not UTF-8"));
  }

  /** No damage leads to anything but a sentence or views that lie inside the file. */
  @Test
  void mutatedFilesAreReadOrRefused() {
    byte[] good = small().toByteArray();
    Random random = new Random(7);
    int read = 0;
    for (int i = 0; i < 5000; i++) {
      byte[] file = good.clone();
      for (int n = random.nextInt(4); n >= 0; n--) {
        file[random.nextInt(file.length)] = (byte) random.nextInt(256);
      }
      Path path = folder.resolve("m.safetensors");
      try {
        long end = 0;
        for (StoredTensor tensor : SafetensorsHeader.read(path, MemorySegment.ofArray(file))) {
          assertTrue(tensor.offset() >= end);
          end = tensor.offset() + tensor.data().byteSize();
        }
        assertTrue(end <= file.length);
        read++;
      } catch (ModelFileException e) {
        assertTrue(e.getMessage().startsWith(path.toString()), e.getMessage());
      }
    }
    assertTrue(read > 100 && read < 4900, read + " were read");
  }
}
