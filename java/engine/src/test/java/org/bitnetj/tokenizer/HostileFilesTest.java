package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.IntStream;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.gguf.GgufBytes;
import org.bitnetj.source.gguf.GgufFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sparse files of a few kilobytes on disk that claim huge tables: each is refused by one sentence,
 * before memory is spent on the claim.
 */
class HostileFilesTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Far above what a refusal takes, far below what the tables claimed here would. */
  private static final long LITTLE = 32L << 20;

  private static final int ARRAY = 9;
  private static final int MANY = 1 << 24;
  private static final String PREFIX = "tokenizer.ggml.";

  @TempDir Path folder;

  /** The refusal of a file whose last value continues with {@code zeros} bytes of a sparse file. */
  private String refusal(GgufBytes header, long zeros) throws IOException {
    Path path = folder.resolve("hostile.gguf");
    Files.deleteIfExists(path);
    byte[] bytes = header.header();
    try (FileChannel channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(ByteBuffer.wrap(bytes));
      channel.write(ByteBuffer.allocate(1), bytes.length + zeros);
    }
    long before = THREADS.getCurrentThreadAllocatedBytes();
    String sentence;
    try (GgufFile file = GgufFile.open(path)) {
      sentence =
          assertThrows(ModelFileException.class, () -> Tokenizer.of(file.vocabulary()))
              .getMessage();
    }
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < LITTLE, () -> sentence + " took " + allocated + " bytes");
    assertTrue(sentence.startsWith(path + ": ") && sentence.endsWith("."), sentence);
    return sentence.substring((path + ": ").length());
  }

  private static GgufBytes kind(String model) {
    return new GgufBytes().key(PREFIX + "model", model);
  }

  @Test
  void millionsOfEmptyTokens() throws IOException {
    for (String model : new String[] {"gpt2", "llama"}) {
      assertEquals(
          "tokenizer.ggml.tokens has 16777216 entries, more than the 1048576 that a vocabulary"
              + " can need; the file is damaged.",
          refusal(kind(model).key(PREFIX + "tokens", ARRAY, GgufBytes.array(8, MANY)), 8L * MANY));
    }
  }

  @Test
  void aHugeToken() throws IOException {
    byte[] token = GgufBytes.array(8, 1, GgufBytes.u64(200 << 20));
    assertEquals(
        "tokenizer.ggml.tokens has an entry of 209715200 bytes, more than the 4096 that a"
            + " vocabulary can need; the file is damaged.",
        refusal(kind("llama").key(PREFIX + "tokens", ARRAY, token), 200 << 20));
  }

  @Test
  void moreTypesOrScoresThanTokens() throws IOException {
    String mismatch = " has 16777216 entries, but there are 2 tokens.";
    GgufBytes types =
        kind("llama")
            .key(PREFIX + "tokens", "a", "b")
            .key(PREFIX + "token_type", ARRAY, GgufBytes.array(0, MANY));
    assertEquals("tokenizer.ggml.token_type" + mismatch, refusal(types, MANY));
    GgufBytes scores =
        kind("llama")
            .key(PREFIX + "tokens", "a", "b")
            .key(PREFIX + "scores", ARRAY, GgufBytes.array(6, MANY));
    assertEquals("tokenizer.ggml.scores" + mismatch, refusal(scores, 4L * MANY));
  }

  @Test
  void millionsOfEmptyMergesAndAHugeOne() throws IOException {
    String[] bytes =
        SmallVocabulary.byteLevel().metadata().findTexts(PREFIX + "tokens").stream()
            .flatMap(texts -> IntStream.range(0, 256).mapToObj(texts::get))
            .toArray(String[]::new);
    GgufBytes many =
        kind("gpt2")
            .key(PREFIX + "tokens", bytes)
            .key(PREFIX + "merges", ARRAY, GgufBytes.array(8, MANY));
    assertEquals(
        "tokenizer.ggml.merges has 16777216 entries, more than the 256 that a vocabulary can"
            + " need; the file is damaged.",
        refusal(many, 8L * MANY));
    byte[] merge = GgufBytes.array(8, 1, GgufBytes.u64(200 << 20));
    GgufBytes huge =
        kind("gpt2").key(PREFIX + "tokens", bytes).key(PREFIX + "merges", ARRAY, merge);
    assertEquals(
        "tokenizer.ggml.merges has an entry of 209715200 bytes, more than the 8193 that a"
            + " vocabulary can need; the file is damaged.",
        refusal(huge, 200 << 20));
  }

  @Test
  void aHugeText() throws IOException {
    GgufBytes header = new GgufBytes().key(PREFIX + "model", 8, GgufBytes.u64(200 << 20));
    assertEquals(
        "metadata key 'tokenizer.ggml.model' (byte 64) has 209715200 bytes of text, more than the"
            + " 1048576 that any model needs; the file is damaged.",
        refusal(header, 200 << 20));
  }
}
