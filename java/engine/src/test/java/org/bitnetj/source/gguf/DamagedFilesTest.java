package org.bitnetj.source.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way a file can be wrong ends in one sentence that says which file, where and why. */
class DamagedFilesTest {
  @TempDir Path folder;

  private void assertRefused(byte[] bytes, String... parts) throws IOException {
    assertRefused(Files.write(folder.resolve("bad.gguf"), bytes), parts);
  }

  private static void assertRefused(Path path, String... parts) {
    ModelFileException refusal =
        assertTimeoutPreemptively(
            Duration.ofSeconds(10),
            () -> assertThrows(ModelFileException.class, () -> GgufFile.open(path).close()));
    String message = refusal.getMessage();
    assertTrue(message.startsWith(path.toString()), message);
    assertTrue(message.endsWith("."), message);
    for (String part : parts) {
      assertTrue(message.contains(part), () -> "'" + part + "' is not in: " + message);
    }
    assertTrue(message.chars().noneMatch(Character::isISOControl), message);
  }

  private void assertRefused(GgufBytes bytes, String... parts) throws IOException {
    assertRefused(bytes.toByteArray(), parts);
  }

  @Test
  void whatIsNoFileToReadIsSaid() throws IOException {
    assertRefused(folder.resolve("absent.gguf"), "no such file");
    assertRefused(folder, "is a directory");
    assertRefused(new byte[0], "is empty");
  }

  @Test
  void aFileOfSomebodyElseIsSaid() throws IOException {
    Path locked = Files.write(folder.resolve("locked.gguf"), new GgufBytes().toByteArray());
    assumeTrue(Files.getFileStore(locked).supportsFileAttributeView("posix"));
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("---------"));
    assumeFalse(Files.isReadable(locked), "this user reads every file");
    assertRefused(locked, "may not read");
  }

  @Test
  void aDeviceIsRefusedWithoutReadingIt() {
    Path device = Path.of("/dev/zero");
    assumeTrue(Files.exists(device));
    assertRefused(device, "not a regular file");
  }

  @Test
  void otherContainersAreRecognised() throws IOException {
    assertRefused(ascii("version https://git-lfs.github.com/spec/v1"), "Git LFS pointer");
    assertRefused(ascii("<!DOCTYPE html>"), "web page");
    assertRefused(ascii("PK\3\4"), "PyTorch");
    assertRefused(ascii("tjgg\3\0\0\0"), "before GGUF");
    assertRefused(ascii("\u0008\1\0\0\0\0\0\0{\"a\""), "safetensors");
    assertRefused(ascii("\u001b[2Jhello"), "\\u{1b}[2J");
    assertRefused(ascii("GG"), "ends at byte 2");
  }

  @Test
  void versionsAreChecked() throws IOException {
    assertRefused(new GgufBytes().version(0), "version 0");
    assertRefused(new GgufBytes().version(1), "version 1");
    assertRefused(new GgufBytes().version(4), "version 4");
    assertRefused(new GgufBytes().version(3 << 24), "big-endian");
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -1, Long.MAX_VALUE, 1L << 32, 1 << 19})
  void absurdCountsAreRefused(long count) throws IOException {
    assertRefused(new GgufBytes().claimTensors(count), "tensors", "(byte 8)");
    assertRefused(new GgufBytes().claimKeys(count), "metadata keys", "(byte 16)");
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -1, Long.MAX_VALUE, 1L << 32, 1 << 25, 100})
  void absurdLengthsAreRefused(long length) throws IOException {
    String shown = Long.toUnsignedString(length);
    assertRefused(
        new GgufBytes().key("k", 8, GgufBytes.u64(length)), "'k' (byte 37)", shown, " follow");
    for (int element = 0; element <= 12; element++) {
      byte[] array = GgufBytes.array(element, length);
      assertRefused(new GgufBytes().key("k", 9, array), "'k' (byte 41)", shown + " elements");
    }
    byte[] inside = GgufBytes.array(8, 1, GgufBytes.u64(length));
    assertRefused(new GgufBytes().key("k", 9, inside), "'k' (byte 49)", shown);
  }

  @Test
  void unknownTypesAreRefused() throws IOException {
    assertRefused(new GgufBytes().key("k", 13, GgufBytes.u64(0)), "'k' (byte 33)", "type 13");
    assertRefused(new GgufBytes().key("k", -1, GgufBytes.u64(0)), "type 4294967295");
    assertRefused(new GgufBytes().key("k", 9, GgufBytes.array(77)), "element type 77");
    GgufBytes tensor = new GgufBytes().tensor("w", 999, new byte[64], 32);
    assertRefused(tensor, "tensor 'w' (byte 24)", "type id 999", "TQ2_0 (35)");
    assertRefused(new GgufBytes().tensor("w", 4, new byte[64], 32), "type id 4,");
  }

  @Test
  void aBoolIsZeroOrOne() throws IOException {
    assertRefused(new GgufBytes().key("k", 7, new byte[] {2}), "'k'", "bool of value 2");
  }

  @Test
  void deeplyNestedArraysAreRefused() throws IOException {
    ByteArrayOutputStream deep = new ByteArrayOutputStream();
    for (int i = 0; i < 1_000_000; i++) {
      deep.writeBytes(GgufBytes.u32(9));
      deep.writeBytes(GgufBytes.u64(1));
    }
    assertRefused(new GgufBytes().key("k", 9, deep.toByteArray()), "'k'", "deep");
  }

  @Test
  void namesAreChecked() throws IOException {
    assertRefused(new GgufBytes().key("", 1), "key of 0 bytes");
    assertRefused(new GgufBytes().key("k".repeat(1025), 1), "key of 1025 bytes");
    assertRefused(new GgufBytes().key("a\0b\u001b[31m", 1), "'a\\u{0}b\\u{1b}[31m'");
    assertRefused(new GgufBytes().entry("", 0, 0, 1), "name of 0 bytes");
    assertRefused(new GgufBytes().entry("a\nb", 0, 0, 1), "'a\\nb'");
    byte[] broken = new GgufBytes().key("kk", 1).toByteArray();
    broken[33] = (byte) 0xFF;
    assertRefused(broken, "not plain text");
  }

  @Test
  void nothingMayOccurTwice() throws IOException {
    assertRefused(new GgufBytes().key("k", 1).key("k", 2), "'k' (byte 41) occurs twice");
    GgufBytes twins = new GgufBytes().tensor("t", 0, new byte[4], 1).tensor("t", 0, new byte[4], 1);
    assertRefused(twins, "tensor 't'", "occurs twice");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 1, 4, 24, 33, 1 << 21, Integer.MIN_VALUE})
  void alignmentIsAPowerOfTwoFromEight(int alignment) throws IOException {
    GgufBytes bytes = new GgufBytes().key("general.alignment", alignment);
    assertRefused(bytes, "general.alignment", Integer.toUnsignedString(alignment));
  }

  @Test
  void otherAlignmentsAreObeyed() throws IOException {
    byte[] bytes =
        new GgufBytes()
            .alignment(256)
            .key("general.alignment", 256)
            .tensor("a", 0, new byte[4], 1)
            .tensor("b", 0, new byte[] {0, 0, 0, 1}, 1)
            .toByteArray();
    try (GgufFile file = GgufFile.open(Files.write(folder.resolve("a.gguf"), bytes))) {
      assertEquals(0, file.tensor("b").offset() % 256);
      assertEquals(1 << 24, file.tensor("b").data().get(HeaderCursor.INT, 0));
    }
    assertRefused(new GgufBytes().key("general.alignment", "32"), "must be an integer");
  }

  @Test
  void dimensionsAreChecked() throws IOException {
    assertRefused(new GgufBytes().entry("t", 0, 0), "'t' (byte 24) has 0 dimensions");
    assertRefused(new GgufBytes().entry("t", 0, 0, 1, 1, 1, 1, 1), "has 5 dimensions");
    assertRefused(new GgufBytes().entry("t", 0, 0, 4, 0), "has 0 as its dimension 1");
    assertRefused(new GgufBytes().entry("t", 0, 0, -1), "18446744073709551615");
    long half = 1L << 32;
    assertRefused(new GgufBytes().entry("t", 0, 0, half, half), "more than any file");
    assertRefused(
        new GgufBytes().entry("t", 24, 0, 1L << 30, half), "'t'", "needs 4611686018427387904");
    assertRefused(new GgufBytes().entry("t", 0, 0, Long.MAX_VALUE), "more than any file");
    for (WeightFormat type : WeightFormats.all()) {
      if (type.foreign().isEmpty()) {
        GgufBytes huge =
            new GgufBytes().entry("t", type.id(), 0, 1L << 40, 1L << 40, 1L << 40, 1L << 40);
        assertRefused(huge, "'t'");
      }
      if (type.blockColumns() > 1) {
        GgufBytes odd = new GgufBytes().entry("t", type.id(), 0, type.blockColumns() - 1, 3);
        assertRefused(odd.data(9999), "'t'");
      }
    }
  }

  @Test
  void tensorsStayInsideTheFileAndApart() throws IOException {
    assertRefused(new GgufBytes().entry("t", 0, 1, 8).data(64), "offset 1", "alignment 32");
    assertRefused(new GgufBytes().entry("t", 0, -32, 8).data(64), "offset 18446744073709551584");
    assertRefused(
        new GgufBytes().entry("t", 0, Long.MAX_VALUE - 31, 8).data(64), "'t'", "ends at byte");
    assertRefused(new GgufBytes().entry("t", 0, 0, 17).data(64), "needs 68 bytes from byte 64");
    GgufBytes overlap = new GgufBytes().entry("b", 0, 32, 8).entry("a", 0, 0, 9).data(64);
    assertRefused(overlap, "tensor 'b'", "inside tensor 'a'");
    GgufBytes same = new GgufBytes().entry("a", 0, 0, 8).entry("b", 0, 0, 8).data(64);
    assertRefused(same, "inside tensor 'a'");
  }

  @Test
  void anAmbiguousTypeThatFitsNothingIsSaid() throws IOException {
    GgufBytes bytes = new GgufBytes().tensor("w", 42, new byte[1000], 512, 96);
    assertRefused(bytes, "tensor 'w'", "Q2_0 or Q2_0_G128 or STQ1_0 or TL2", "1000 bytes");
  }

  /** Four rows of 128 take 144 or 136 bytes, which both end in the same 32. */
  @Test
  void aTypeThatStaysAmbiguousIsRefused() throws IOException {
    GgufBytes bytes = new GgufBytes().tensor("w", 42, new byte[160], 128, 4);
    assertRefused(bytes, "tensor 'w'", "type id 42", "fit Q2_0 or Q2_0_G128 alike");
  }

  @Test
  void everyTensorOfAnAmbiguousTypeMustFitTheSameMeaning() throws IOException {
    GgufBytes bytes =
        new GgufBytes()
            .tensor("g64", 42, new byte[512 * 96 / 64 * 18], 512, 96)
            .tensor("g128", 42, new byte[512 * 96 / 128 * 34], 512, 96);
    assertRefused(bytes, "tensor 'g128'", "none of them fits its 13056 bytes");
  }

  @Test
  void aForksTypeMustFitItsTensors() throws IOException {
    GgufBytes bytes = new GgufBytes().tensor("w", 143, new byte[512 * 96 / 128 * 36], 512, 96);
    assertRefused(bytes, "tensor 'w'", "PTQ1_0", "does not fit its 13824 bytes");
  }

  @Test
  void aHeaderThatNeverEndsIsRefused() throws IOException {
    byte[] bytes = new GgufBytes().key("k", 8, GgufBytes.u64(1L << 29)).toByteArray();
    Path path = Files.write(folder.resolve("long.gguf"), bytes);
    try (var channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[1]), 1L << 30);
    }
    assertRefused(path, "'k'", "268435456 bytes that a header may take");
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
