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
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.bitnetj.convert.Conversion;
import org.bitnetj.convert.ConversionOptions;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.error.NonFiniteException;
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
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class PackedCacheTest {
  private static final long ROOM = 1L << 30;

  @TempDir Path folder;
  private Path parent;
  private Path source;
  private final List<String> warnings = Collections.synchronizedList(new ArrayList<>());
  private final List<String> notes = Collections.synchronizedList(new ArrayList<>());

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

  private PackedCache cache() {
    return cache(ROOM, 0, 0);
  }

  private PackedCache cache(long limit, long least, long free) {
    PackedModels models = PackedModels.in(parent, limit, free);
    return PackedCache.of(models, least, Duration.ofSeconds(60));
  }

  private PackedModels models() {
    return PackedModels.in(parent, ROOM, 0);
  }

  /** The name of the packed file; empty if there is none. */
  private Optional<Path> pack(PackedCache cache, Path path) throws IOException {
    return pack(cache, path, HeadMode.AUTO);
  }

  private Optional<Path> pack(PackedCache cache, Path path, HeadMode head) throws IOException {
    return pack(cache, path, head, true);
  }

  private Optional<Path> pack(PackedCache cache, Path path, HeadMode head, boolean skipping)
      throws IOException {
    try (GgufFile file = GgufFile.open(path);
        ThreadTeam team = new ThreadTeam(2)) {
      PackedCache.Model model =
          new PackedCache.Model(file, file.spec(), LayoutOptions.none(), head, skipping);
      Optional<ModelSource> packed =
          cache
              .find(model)
              .or(
                  () ->
                      cache.pack(
                          model, Tiers.best(), team, (done, all) -> {}, notes::add, warnings::add));
      packed.ifPresent(ModelSource::close);
      return packed.map(ModelSource::path);
    }
  }

  private Optional<Path> find(PackedCache cache, Path path, HeadMode head) throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      Optional<ModelSource> packed =
          cache.find(new PackedCache.Model(file, file.spec(), LayoutOptions.none(), head, true));
      packed.ifPresent(ModelSource::close);
      return packed.map(ModelSource::path);
    }
  }

  private static int[] logits(Path path) throws ModelFileException {
    return logits(path, path);
  }

  /** By the weights in another file. */
  private static int[] logits(Path path, Path packed) throws ModelFileException {
    Kernels kernels = Tiers.best();
    try (GgufFile source = GgufFile.open(path);
        GgufFile file = GgufFile.open(packed);
        ThreadTeam team = new ThreadTeam(2);
        Weights weights =
            Weights.loadPacked(file, source.spec(), kernels, team, HeadMode.FULL, true, false);
        Transformer transformer = new Transformer(weights, kernels, team, 3, 1);
        TextInSteps text = new TextInSteps(transformer, 8)) {
      text.compute(1, 17, 300);
      return transformer.logits().row(0).toArray(ValueLayout.JAVA_INT);
    }
  }

  @Test
  void aModelIsPackedOnceAndComputesTheSame() throws IOException {
    Path packed = pack(cache(), source).orElseThrow();
    assertEquals(models().folder().toRealPath(), packed.getParent());
    assertTrue(packed.getFileName().toString().startsWith("source-"), packed.toString());
    assertArrayEquals(logits(source), logits(source, packed));
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
    assertEquals(1, notes.size(), notes::toString);
    assertTrue(notes.getFirst().contains(packed.getParent().toString()), notes::toString);
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
    assertEquals(3, models().entries().size());

    Path renamed = model("source.gguf", 1000); // another header of the same size
    byte[] bytes = Files.readAllBytes(renamed);
    bytes[(int) nameAt(bytes)]++;
    Files.write(renamed, bytes);
    Files.setLastModifiedTime(renamed, FileTime.from(Instant.ofEpochSecond(1000)));
    assertNotEquals(Optional.of(packed), pack(cache(), renamed));
    assertEquals(4, models().entries().size());
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
    PackedCache small = cache(3 * size + size / 2, 0, 0);
    Path second = pack(small, model("b.gguf", 2000)).orElseThrow();
    Files.setLastModifiedTime(first, FileTime.from(Instant.ofEpochSecond(10)));
    Files.setLastModifiedTime(second, FileTime.from(Instant.ofEpochSecond(20)));
    for (int i = 0; i < 3; i++) {
      pack(small, model("c.gguf", 3000 + i)).orElseThrow();
    }
    assertFalse(Files.exists(first));
    assertFalse(Files.exists(second));
    long kept = models().entries().stream().mapToLong(PackedModels.Entry::bytes).sum();
    assertTrue(kept <= 3 * size + size / 2, kept + " bytes");
    assertEquals("c", models().entries().getFirst().name());
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
    assertNotKept(cache(1000, 0, 0), "(BITNET_CACHE_LIMIT)");
    assertTrue(Files.exists(other));
  }

  @Test
  void theDiskIsNeverFilled() throws IOException {
    Path other = pack(cache(), model("other.gguf", 7)).orElseThrow();
    assertNotKept(cache(ROOM, 0, 1L << 60), "its disk has only 0 MB to spare");
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

  /** As a replica of a server does that starts at the same time. */
  @Test
  @Timeout(60)
  void whatAnotherWritesIsWaitedFor() throws Exception {
    Path packed = pack(cache(), source).orElseThrow();
    byte[] bytes = Files.readAllBytes(packed);
    Files.delete(packed);
    notes.clear();
    FutureTask<Optional<Path>> second = new FutureTask<>(() -> pack(cache(), source));
    try (PartFile first = PartFile.create(packed)) {
      Thread.ofPlatform().start(second);
      while (notes.isEmpty()) {
        Thread.sleep(1);
      }
      first.channel().write(ByteBuffer.wrap(bytes));
      first.commit();
    }
    assertEquals(Optional.of(packed), second.get());
    assertEquals(
        List.of("waiting for another process that packs the weights of source.gguf"), notes);
    assertEquals(List.of(), warnings);
  }

  @Test
  @Timeout(60)
  void whatAnotherGivesUpIsWritten() throws Exception {
    Path packed = pack(cache(), source).orElseThrow();
    Files.delete(packed);
    notes.clear();
    FutureTask<Optional<Path>> second = new FutureTask<>(() -> pack(cache(), source));
    try (PartFile _ = PartFile.create(packed)) {
      Thread.ofPlatform().start(second);
      while (notes.isEmpty()) {
        Thread.sleep(1);
      }
    }
    assertEquals(Optional.of(packed), second.get());
    assertEquals(2, notes.size(), notes::toString);
    assertArrayEquals(logits(source), logits(source, packed));
  }

  @Test
  void whoWritesNothingIsNotWaitedForLong() throws IOException {
    Path packed = pack(cache(), source).orElseThrow();
    Files.delete(packed);
    try (PartFile _ = PartFile.create(packed)) {
      assertNotKept(
          PackedCache.of(models(), 0, Duration.ZERO),
          "another process began to write them and has written nothing for 0 s");
    }
    assertEquals(Optional.of(packed), pack(cache(), source));
  }

  @Test
  void whatKilledProcessesLeftGoesWhenTheCacheIsUsed() throws IOException {
    Path packed = pack(cache(), source).orElseThrow();
    Path left = Files.writeString(packed.resolveSibling(".other.x.bitnet-part"), "half of it");
    assertEquals(Optional.of(packed), find(cache(), source, HeadMode.AUTO));
    assertFalse(Files.exists(left));
    Files.writeString(left, "half of it");
    models().sweep();
    assertFalse(Files.exists(left));
  }

  /** What is chosen for the head's low-bit copy says nothing where it comes to the same. */
  @Test
  void optionsThatGiveTheSameFileShareIt() throws IOException {
    Path packed = pack(cache(), source, HeadMode.AUTO).orElseThrow();
    assertEquals(Optional.of(packed), find(cache(), source, HeadMode.FULL));
    assertEquals(Optional.empty(), find(cache(), source, HeadMode.SCREENED));
  }

  @Test
  void packedModelsOfRemovedSourcesCanBeRemoved() throws IOException {
    Path hub = Files.createDirectory(folder.resolve("hub"));
    Path inHub = Files.move(model("inHub.gguf", 1), hub.resolve("inHub.gguf"));
    Path kept = Files.move(model("kept.gguf", 2), hub.resolve("kept.gguf"));
    Path packed = pack(cache(), inHub).orElseThrow();
    List<Path> others =
        List.of(pack(cache(), kept).orElseThrow(), pack(cache(), source).orElseThrow());
    assertEquals(0, models().removeOrphans(hub));
    Files.delete(inHub);
    Files.delete(source); // not of that folder: it may have been moved
    long size = Files.size(packed);
    assertEquals(size, models().removeOrphans(hub));
    assertFalse(Files.exists(packed));
    assertTrue(others.stream().allMatch(Files::exists));
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
    assertEquals(1, models().entries().size());
    assertEquals(4, seen.size());
    assertArrayEquals(logits(source), logits(source, seen.getFirst()));
    try (var left = Files.list(models().folder())) {
      assertEquals(1, left.count());
    }
  }

  /** Its digits are not looked at: a 3 among them must do no harm but to numbers. */
  @Test
  void damagedDigitsInAPackedFileMakeNumbersWrongAndNothingWorse() throws IOException {
    Path packed = pack(cache(), source).orElseThrow();
    try (GgufFile file = GgufFile.open(packed);
        RandomAccessFile bytes = new RandomAccessFile(packed.toFile(), "rw")) {
      for (Tensor tensor : file.tensors()) {
        if (tensor.format() instanceof MappedFormat format) {
          byte[] threes = new byte[(int) format.digitBytes()];
          Arrays.fill(threes, (byte) -1);
          bytes.seek(tensor.offset());
          bytes.write(threes);
        }
      }
    }
    for (Kernels kernels : Tiers.available()) {
      if (!kernels.gainsBySkipping()) {
        continue; // they pack rows and columns again, and then look at every digit
      }
      try (GgufFile model = GgufFile.open(source);
          GgufFile file = GgufFile.open(packed);
          ThreadTeam team = new ThreadTeam(2)) {
        assertThrows(
            ModelFileException.class,
            () -> Weights.load(file, model.spec(), kernels, team, HeadMode.FULL, true).close());
        try (Weights weights =
                Weights.loadPacked(file, model.spec(), kernels, team, HeadMode.FULL, true, false);
            Transformer transformer = new Transformer(weights, kernels, team, 3, 1);
            TextInSteps text = new TextInSteps(transformer, 8)) {
          text.compute(1, 17, 300);
        } catch (NonFiniteException e) {
          // some activation became infinite
        }
      }
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
    assertEquals(List.of(), models().entries());
    assertEquals(List.of(), warnings);
  }

  @Test
  void aModelThatWouldBePackedAgainIsNotPacked() throws IOException {
    assertEquals(Optional.empty(), pack(cache(), source, HeadMode.AUTO, false));
    assertFalse(Files.exists(parent));
    assertEquals(List.of(), warnings);
  }

  @Test
  void aLimitOfZeroIsNoCache() throws IOException {
    assertEquals(Optional.empty(), pack(cache(0, 0, 0), source));
    assertFalse(Files.exists(parent));
    assertEquals(List.of(), warnings);
  }

  @Test
  void smallModelsAreNotWorthAFile() throws IOException {
    assertEquals(Optional.empty(), pack(cache(ROOM, 32 << 20, 0), source));
    assertFalse(Files.exists(parent));
    assertEquals(List.of(), warnings);
  }

  @Test
  void clearingRemovesThePackedModelsAndNothingElse() throws IOException {
    assertEquals(0, models().clear());
    Path packed = pack(cache(), source).orElseThrow();
    long size = Files.size(packed);
    Path other = Files.writeString(models().folder().resolve("notes.txt"), "mine");
    assertEquals(size, models().clear());
    assertEquals(List.of(), models().entries());
    assertTrue(Files.exists(other));
  }

  @Test
  void theLimitIsANumberOfGigabytes() throws IOException {
    assertEquals(OptionalLong.empty(), PackedModels.limit(null));
    assertEquals(OptionalLong.empty(), PackedModels.limit(""));
    assertEquals(OptionalLong.of(0), PackedModels.limit("0"));
    assertEquals(OptionalLong.of(30_000_000_000L), PackedModels.limit("30"));
    for (String wrong : List.of("-1", "3 GB", "1.5", "99999999999999999999")) {
      String sentence =
          assertThrows(ModelFileException.class, () -> PackedModels.limit(wrong)).getMessage();
      assertTrue(sentence.startsWith("BITNET_CACHE_LIMIT is '" + wrong + "'"), sentence);
    }
  }

  /** Its header is read at every start, and the vocabulary is in the source. */
  @Test
  void aPackedModelHasTheWeightsThatConvertMakesAndNoVocabulary() throws IOException {
    Path packed = pack(cache(), source).orElseThrow();
    Path made = folder.resolve("made.gguf");
    Conversion.convert(source, made, ConversionOptions.defaults().withWeights("panels"));
    try (GgufFile one = GgufFile.open(made);
        GgufFile other = GgufFile.open(packed)) {
      assertEquals(one.tensors().size(), other.tensors().size());
      for (Tensor tensor : one.tensors()) {
        Tensor same = other.tensor(tensor.name());
        assertEquals(tensor.format(), same.format(), tensor.name());
        assertEquals(-1, tensor.data().mismatch(same.data()), tensor.name());
      }
      assertTrue(other.metadata().keys().stream().noneMatch(key -> key.startsWith("tokenizer.")));
      assertEquals(source.toRealPath().toString(), other.metadata().text("bitnet.packed.source"));
    }
  }
}
