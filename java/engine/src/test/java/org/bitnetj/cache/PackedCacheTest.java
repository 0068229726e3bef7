package org.bitnetj.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import org.bitnetj.convert.Conversion;
import org.bitnetj.convert.ConversionOptions;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.MappedFormat;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.model.Transformer;
import org.bitnetj.model.Weights;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.PartFile;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.testing.Golden;
import org.bitnetj.testing.OtherUsers;
import org.bitnetj.testing.TextInSteps;
import org.bitnetj.testing.Tiers;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackedCacheTest {
  private static final long ROOM = 1L << 30;

  @TempDir Path folder;
  private Path parent;
  private Path source;
  private final List<String> warnings = Collections.synchronizedList(new ArrayList<>());
  private final List<String> notices = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void aSourceAndACache() throws IOException {
    folder = folder.toRealPath();
    parent = folder.resolve("cache");
    source = model("source.gguf", 1000);
  }

  /** The shipped model with a time of modification. */
  private Path model(String name, long seconds) throws IOException {
    Path path = folder.resolve(name);
    Files.copy(Golden.MODEL, path, StandardCopyOption.REPLACE_EXISTING);
    Files.setLastModifiedTime(path, FileTime.from(Instant.ofEpochSecond(seconds)));
    return path;
  }

  private void told(String sentence) {
    (sentence.startsWith("packing the weights of ") ? notices : warnings).add(sentence);
  }

  private PackedCache cache() {
    return PackedCache.in(parent, ROOM, 0, 0);
  }

  /** The name of the packed file; empty if there is none. */
  private Optional<Path> pack(PackedCache cache, Path path) throws IOException {
    return pack(cache, path, HeadMode.AUTO);
  }

  private Optional<Path> pack(PackedCache cache, Path path, HeadMode head) throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      Optional<ModelSource> packed =
          cache.packed(file, file.spec(), LayoutOptions.none(), head, true, this::told);
      packed.ifPresent(ModelSource::close);
      return packed.map(ModelSource::path);
    }
  }

  private static int[] logits(Path path) throws ModelFileException {
    Kernels kernels = Tiers.best();
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(2);
        Weights weights = Weights.load(file, kernels, team);
        Transformer transformer = new Transformer(weights, kernels, team, 3, 1);
        TextInSteps text = new TextInSteps(transformer, 8)) {
      text.compute(1, 17, 300);
      return transformer.logits().row(0).toArray(ValueLayout.JAVA_INT);
    }
  }

  @Test
  void aModelIsPackedOnceAndComputesTheSame() throws IOException {
    Path packed = pack(cache(), source).orElseThrow();
    assertEquals(cache().folder().toRealPath(), packed.getParent());
    assertTrue(packed.getFileName().toString().startsWith("source-"), packed.toString());
    assertArrayEquals(logits(source), logits(packed));
    try (GgufFile file = GgufFile.open(packed)) {
      assertTrue(
          file.tensors().stream()
              .filter(tensor -> tensor.format() instanceof TernaryFormat)
              .allMatch(tensor -> tensor.format() instanceof MappedFormat));
    }
    Object key = Files.getAttribute(packed, "unix:ino");
    Files.setLastModifiedTime(packed, FileTime.from(Instant.ofEpochSecond(5)));
    assertEquals(Optional.of(packed), pack(cache(), source));
    assertEquals(key, Files.getAttribute(packed, "unix:ino"));
    assertTrue(Files.getLastModifiedTime(packed).toMillis() > 5000, "it is not marked as used");
    assertEquals(Optional.empty(), pack(cache(), packed), "it needs no packing");
    assertEquals(List.of(), warnings);
    assertEquals(1, notices.size(), notices::toString);
    assertTrue(notices.getFirst().contains(packed.getParent().toString()), notices::toString);
    assertEquals(0600, OtherUsers.mode(packed));
  }

  @Test
  void theSourceIsKnownByWhatItIsAndNotByItsName() throws IOException {
    Path packed = pack(cache(), source).orElseThrow();
    Path moved = Files.move(source, folder.resolve("moved.gguf"));
    assertEquals(Optional.of(packed), pack(cache(), moved));
    Files.setLastModifiedTime(moved, FileTime.from(Instant.ofEpochSecond(1001)));
    assertNotEquals(Optional.of(packed), pack(cache(), moved));
    assertNotEquals(packed, pack(cache(), model("source.gguf", 1000), HeadMode.SCREENED).get());
    assertEquals(3, cache().entries().size());

    Path renamed = model("source.gguf", 1000); // another header of the same size
    byte[] bytes = Files.readAllBytes(renamed);
    bytes[(int) nameAt(bytes)]++;
    Files.write(renamed, bytes);
    Files.setLastModifiedTime(renamed, FileTime.from(Instant.ofEpochSecond(1000)));
    assertNotEquals(Optional.of(packed), pack(cache(), renamed));
    assertEquals(4, cache().entries().size());
  }

  /** Where the value of general.name begins. */
  private static long nameAt(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    return text.indexOf("general.name") + "general.name".length() + 4 + 8;
  }

  @Test
  void theLeastRecentlyUsedGoWhenTheLimitIsReached() throws IOException {
    Path first = pack(cache(), source).orElseThrow();
    long size = Files.size(first);
    PackedCache small = PackedCache.in(parent, 3 * size + size / 2, 0, 0);
    Path second = pack(small, model("b.gguf", 2000)).orElseThrow();
    Files.setLastModifiedTime(first, FileTime.from(Instant.ofEpochSecond(10)));
    Files.setLastModifiedTime(second, FileTime.from(Instant.ofEpochSecond(20)));
    for (int i = 0; i < 3; i++) {
      pack(small, model("c.gguf", 3000 + i)).orElseThrow();
    }
    assertFalse(Files.exists(first));
    assertFalse(Files.exists(second));
    long kept = small.entries().stream().mapToLong(PackedCache.Entry::bytes).sum();
    assertTrue(kept <= 3 * size + size / 2, kept + " bytes");
    assertEquals("c", small.entries().getFirst().name());
    assertEquals(List.of(), warnings);
  }

  /** As two checkpoints of one model may, whose files an archive gives one time. */
  @Test
  void modelsThatDifferInWeightsAloneAreApart() throws IOException {
    Path packed = pack(cache(), source).orElseThrow();
    long scale;
    try (GgufFile file = GgufFile.open(source)) {
      Tensor last =
          file.tensors().stream()
              .filter(tensor -> tensor.format() instanceof TernaryFormat)
              .reduce((first, second) -> second)
              .orElseThrow();
      scale = last.offset() + last.data().byteSize() - 32; // I2_S has it behind the digits
    }
    try (RandomAccessFile file = new RandomAccessFile(source.toFile(), "rw")) {
      file.seek(scale);
      int low = file.read();
      file.seek(scale);
      file.write(low ^ 1);
    }
    Files.setLastModifiedTime(source, FileTime.from(Instant.ofEpochSecond(1000)));
    assertNotEquals(packed, pack(cache(), source).orElseThrow());
  }

  private void assertNotKept(PackedCache cache, String why) throws IOException {
    assertEquals(Optional.empty(), pack(cache, source));
    assertEquals(1, warnings.size(), warnings::toString);
    String sentence = warnings.getFirst();
    assertTrue(
        sentence.startsWith(
            "the packed weights of " + source + " are not kept for the next start: "),
        sentence);
    assertTrue(sentence.contains(why), sentence);
    assertFalse(sentence.endsWith("."), sentence);
  }

  @Test
  void aModelLargerThanTheLimitIsNotKeptAndPushesNothingOut() throws IOException {
    Path other = pack(cache(), model("other.gguf", 7)).orElseThrow();
    assertNotKept(PackedCache.in(parent, 1000, 0, 0), "(BITNET_CACHE_LIMIT)");
    assertTrue(Files.exists(other));
  }

  @Test
  void theDiskIsNeverFilled() throws IOException {
    Path other = pack(cache(), model("other.gguf", 7)).orElseThrow();
    assertNotKept(PackedCache.in(parent, ROOM, 0, 1L << 60), "its disk has only 0 MB to spare");
    assertTrue(Files.exists(other));
  }

  @Test
  void aFolderThatCannotBeMadeIsSaid() throws IOException {
    Files.writeString(parent, "a file");
    assertNotKept(cache(), parent.toString());
  }

  @Test
  void aFolderThatOthersMayWriteToIsNotUsed() throws IOException {
    OtherUsers.assumePosix(folder);
    Path packed = pack(cache(), source).orElseThrow();
    OtherUsers.setMode(packed.getParent(), 0777);
    assertNotKept(cache(), "other users may write to it");
    OtherUsers.setMode(packed.getParent(), 0700);
    OtherUsers.setMode(packed, 0666);
    Path again = pack(cache(), source).orElseThrow();
    assertEquals(0, OtherUsers.mode(again) & 0022);
  }

  @Test
  void aFileThatIsNotWholeIsMadeAgain() throws IOException {
    Path packed = pack(cache(), source).orElseThrow();
    long size = Files.size(packed);
    try (RandomAccessFile file = new RandomAccessFile(packed.toFile(), "rw")) {
      file.setLength(size / 2);
    }
    assertEquals(Optional.of(packed), pack(cache(), source));
    assertEquals(size, Files.size(packed));
    assertEquals(List.of(), warnings);
  }

  @Test
  void whileAnotherWritesItTheModelIsLoadedAsBefore() throws IOException {
    Path packed = pack(cache(), source).orElseThrow();
    Files.delete(packed);
    try (PartFile _ = PartFile.create(packed)) {
      assertEquals(Optional.empty(), pack(cache(), source));
    }
    assertEquals(List.of(), warnings);
    assertEquals(Optional.of(packed), pack(cache(), source));
  }

  @Test
  void nobodyEverSeesHalfOfAFile() throws Exception {
    CountDownLatch start = new CountDownLatch(1);
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    List<Path> seen = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      start.await();
                      pack(cache(), source).ifPresent(seen::add);
                    } catch (Throwable e) {
                      failures.add(e);
                    }
                  }));
    }
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(), failures);
    assertEquals(List.of(), warnings);
    assertFalse(seen.isEmpty());
    assertEquals(1, cache().entries().size());
    assertArrayEquals(logits(source), logits(seen.getFirst()));
    try (var left = Files.list(cache().folder())) {
      assertEquals(1, left.count());
    }
  }

  @Test
  void aModelThatCannotBeLoadedIsNotPacked() throws IOException {
    byte[] bytes = Files.readAllBytes(source);
    String name = "blk.1.ffn_norm.weight";
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(name);
    bytes[at + name.indexOf("norm")] = 'f';
    Path unknown = Files.write(folder.resolve("unknown.gguf"), bytes);
    assertEquals(Optional.empty(), pack(cache(), unknown));
    assertEquals(List.of(), cache().entries());
    assertEquals(List.of(), warnings);
  }

  @Test
  void aModelThatWouldBePackedAgainIsNotPacked() throws IOException {
    try (GgufFile file = GgufFile.open(source)) {
      assertEquals(
          Optional.empty(),
          cache()
              .packed(file, file.spec(), LayoutOptions.none(), HeadMode.AUTO, false, this::told));
    }
    assertFalse(Files.exists(parent));
    assertEquals(List.of(), warnings);
  }

  @Test
  void aLimitOfZeroIsNoCache() throws IOException {
    assertEquals(Optional.empty(), pack(PackedCache.in(parent, 0, 0, 0), source));
    assertFalse(Files.exists(parent));
    assertEquals(List.of(), warnings);
  }

  @Test
  void smallModelsAreNotWorthAFile() throws IOException {
    assertEquals(Optional.empty(), pack(PackedCache.in(parent, ROOM, 32 << 20, 0), source));
    assertFalse(Files.exists(parent));
    assertEquals(List.of(), warnings);
  }

  @Test
  void clearingRemovesThePackedModelsAndNothingElse() throws IOException {
    assertEquals(0, cache().clear());
    Path packed = pack(cache(), source).orElseThrow();
    long size = Files.size(packed);
    Path other = Files.writeString(cache().folder().resolve("notes.txt"), "mine");
    assertEquals(size, cache().clear());
    assertEquals(List.of(), cache().entries());
    assertTrue(Files.exists(other));
  }

  @Test
  void theLimitIsANumberOfGigabytes() throws IOException {
    assertEquals(OptionalLong.empty(), PackedCache.limit(null));
    assertEquals(OptionalLong.empty(), PackedCache.limit(""));
    assertEquals(OptionalLong.of(0), PackedCache.limit("0"));
    assertEquals(OptionalLong.of(30_000_000_000L), PackedCache.limit("30"));
    for (String wrong : List.of("-1", "3 GB", "1.5", "99999999999999999999")) {
      String sentence =
          assertThrows(ModelFileException.class, () -> PackedCache.limit(wrong)).getMessage();
      assertTrue(sentence.startsWith("BITNET_CACHE_LIMIT is '" + wrong + "'"), sentence);
    }
  }

  @Test
  void aFileMadeByConvertIsTheSame() throws IOException {
    Path packed = pack(cache(), source).orElseThrow();
    Path made = folder.resolve("made.gguf");
    Conversion.convert(source, made, ConversionOptions.defaults().withWeights("panels"));
    assertEquals(-1, Files.mismatch(made, packed));
  }
}
