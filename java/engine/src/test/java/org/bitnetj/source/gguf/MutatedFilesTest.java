package org.bitnetj.source.gguf;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.memory.FileBytes;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A small file, mutated: it either opens with a directory that is consistent and can be read to the
 * last byte, or it is refused by a {@link ModelFileException}. Nothing else may be thrown.
 */
class MutatedFilesTest {
  @TempDir Path folder;

  private static GgufBytes small(int version) {
    return new GgufBytes()
        .version(version)
        .key("general.architecture", "bitnet-b1.58")
        .key("general.alignment", 32)
        .key("a.block_count", 2)
        .key("a.eps", 1e-5f)
        .key("flag", true)
        .key("tokens", "a", "bc", "", "d", "e", "f", "g", "h", "ijk")
        .key("types", 9, GgufBytes.array(5, GgufBytes.u32(1), GgufBytes.u32(3)))
        .key("nested", 9, GgufBytes.array(9, GgufBytes.array(8, GgufBytes.string("x"))))
        .tensor("embd", WeightFormats.F16.id(), new byte[32], 4, 4)
        .tensor("w", WeightFormats.TQ2_0.id(), new byte[132], 256, 2)
        .tensor("q", WeightFormats.Q2_0.id(), new byte[36], 64, 2)
        .tensor("norm", WeightFormats.F32.id(), new byte[16], 4);
  }

  /** True where the file opened. Fails where it did neither of the two allowed things. */
  private static boolean opensOrIsRefused(byte[] bytes, String mutation) {
    // In memory, because otherwise mapping so many files would dominate this test.
    Path path = Path.of("mutant.gguf");
    FileBytes memory = FileBytes.of(MemorySegment.ofArray(bytes));
    try (GgufFile file = GgufFile.parse(path, memory, Optional.of(LayoutOptions.none()))) {
      assertConsistent(file);
      return true;
    } catch (ModelFileException e) {
      assertSentence(path, e);
      return false;
    } catch (Throwable e) {
      return fail(mutation + " gave " + e, e);
    }
  }

  private static void assertSentence(Path path, ModelFileException e) {
    String message = e.getMessage();
    assertTrue(message.startsWith(path.toString()) && message.endsWith("."), message);
  }

  private static void assertConsistent(GgufFile file) throws ModelFileException {
    Metadata m = file.metadata();
    for (String key : m.keys()) {
      assertTrue(m.describe(key).length() < 1000);
      try {
        Optional<StringArray> texts = m.findTexts(key);
        for (int i = 0; i < texts.map(StringArray::size).orElse(0); i++) {
          texts.orElseThrow().get(i);
        }
      } catch (ModelFileException e) {
        assertTrue(e.getMessage().contains("array of strings"), e.getMessage());
      }
    }
    List<Tensor> byOffset = new ArrayList<>(file.tensors());
    byOffset.sort(Comparator.comparingLong(Tensor::offset));
    long end = 0;
    for (Tensor tensor : byOffset) {
      long bytes = tensor.data().byteSize();
      assertTrue(tensor.offset() >= end, tensor.name());
      end = tensor.offset() + bytes;
      assertTrue(end <= file.size(), tensor.name());
      assertTrue(tensor.elements() > 0 && tensor.rows() > 0, tensor.name());
      for (long i = 0; i < bytes; i++) {
        tensor.data().get(ValueLayout.JAVA_BYTE, i);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void everyTruncationIsRefused(int version) throws IOException {
    byte[] whole = small(version).toByteArray();
    Path path = Files.write(folder.resolve("whole.gguf"), whole);
    try (GgufFile file = GgufFile.open(path)) {
      assertConsistent(file);
    }
    for (int length = whole.length - 1; length >= 0; length--) {
      int end = length;
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
        channel.truncate(length);
      }
      ModelFileException refusal =
          assertThrows(
              ModelFileException.class, () -> GgufFile.open(path).close(), "cut at byte " + end);
      assertSentence(path, refusal);
    }
  }

  @Test
  void everyFlippedBitOfTheHeaderIsHandled() {
    byte[] whole = small(3).toByteArray();
    int header = small(3).header().length;
    for (int bit = 0; bit < 8 * header; bit++) {
      byte[] mutant = whole.clone();
      mutant[bit / 8] ^= (byte) (1 << bit % 8);
      opensOrIsRefused(mutant, "bit " + bit % 8 + " of byte " + bit / 8 + " flipped");
    }
  }

  @Test
  void everyByteOfTheHeaderMayBeAnything() {
    byte[] whole = small(3).toByteArray();
    int header = small(3).header().length;
    for (int at = 0; at < header; at++) {
      for (int value : new int[] {0, 1, 9, 0x7F, 0x80, 0xFF}) {
        byte[] mutant = whole.clone();
        mutant[at] = (byte) value;
        opensOrIsRefused(mutant, "byte " + at + " set to " + value);
      }
    }
  }

  @Test
  void everyEightBytesOfTheHeaderMayBeAnAbsurdNumber() {
    byte[] whole = small(3).toByteArray();
    int header = small(3).header().length;
    long[] absurd = {-1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32, 1L << 31, 1 << 24, 0};
    for (int at = 0; at + 8 <= header; at++) {
      for (long value : absurd) {
        byte[] mutant = whole.clone();
        System.arraycopy(GgufBytes.u64(value), 0, mutant, at, 8);
        opensOrIsRefused(mutant, "bytes from " + at + " set to " + value);
      }
    }
  }

  @Test
  void randomMutationsAreHandled() {
    byte[] whole = small(3).toByteArray();
    int header = small(3).header().length;
    long first = Long.getLong("bitnet.seed", 1);
    int opened = 0;
    for (long seed = first; seed < first + 5000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] mutant = whole.clone();
      for (int n = 1 + random.nextInt(4); n > 0; n--) {
        int at = random.nextInt(header);
        switch (random.nextInt(4)) {
          case 0 -> mutant[at] = (byte) random.nextInt();
          case 1 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
          case 2 -> {
            int from = random.nextInt(header);
            int length = Math.min(random.nextInt(16), header - Math.max(from, at));
            System.arraycopy(whole, from, mutant, at, length);
          }
          default -> {
            int keep = random.nextInt(mutant.length);
            mutant = keep < header ? mutant : Arrays.copyOf(mutant, keep);
          }
        }
      }
      if (opensOrIsRefused(
          mutant, "seed " + seed + " (run again with -Dbitnet.seed=" + seed + ")")) {
        opened++;
      }
    }
    assertTrue(opened > 100 && opened < 4900, "mutants that opened: " + opened);
  }
}
