package org.bitnetj.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is listed and removed, in a cache as the hub's own tools leave it. */
class HubCacheTest {
  private static final String OLD = "a".repeat(40);
  private static final String NEW = "b".repeat(40);

  @TempDir Path root;
  private final List<String> skipped = new ArrayList<>();
  private Hub hub;
  private Path repository;

  /** Two revisions with one file in common, one that has changed and one that is new. */
  @BeforeEach
  void fill() throws IOException {
    hub =
        Hub.open(
            new HubOptions(URI.create("http://127.0.0.1:9"), Optional.empty(), root, true, true));
    repository = root.resolve("models--o--m");
    blob("same", 100);
    blob("then", 20);
    blob("now", 3);
    link(OLD, "same.gguf", "same");
    link(OLD, "changed.gguf", "then");
    link(NEW, "same.gguf", "same");
    link(NEW, "changed.gguf", "now");
    link(NEW, "README.md", "now");
    write(repository.resolve("refs/main"), NEW);
    write(repository.resolve("refs/v1"), OLD + "\n");
    write(root.resolve(".locks/models--o--m/same.lock"), "");
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void blob(String name, int bytes) throws IOException {
    write(repository.resolve("blobs").resolve(name), "x".repeat(bytes));
  }

  private void link(String commit, String file, String blob) throws IOException {
    Path pointer = repository.resolve("snapshots").resolve(commit).resolve(file);
    Files.createDirectories(pointer.getParent());
    Files.createSymbolicLink(pointer, Path.of("../../blobs").resolve(blob));
  }

  private List<String> names() throws IOException {
    return hub.list(skipped::add).stream()
        .map(model -> model.name() + " " + model.bytes())
        .toList();
  }

  private long remove(String name) throws IOException {
    return hub.remove(ModelName.parse(name).orElseThrow());
  }

  @Test
  void modelsOfAllRevisionsAreListedByTheNamesThatFindThem() throws IOException {
    assertEquals(
        List.of(
            "o/m@v1:changed.gguf 20",
            "o/m@v1:same.gguf 100",
            "o/m:changed.gguf 3",
            "o/m:same.gguf 100"),
        names());
    for (CachedModel model : hub.list(skipped::add)) {
      assertEquals(Optional.of(model.path()), hub.find(model.name()));
      assertTrue(Files.isRegularFile(model.path()));
    }
  }

  @Test
  void whatIsNoWholeModelIsNotListed() throws IOException {
    link(NEW, "half-00001-of-00002.gguf", "now");
    link(NEW, "dangling.gguf", "nothing");
    link(NEW, "no name\u202e.gguf", "now");
    write(root.resolve("models--o--half/snapshots/" + NEW + "/config.json"), "{}");
    write(root.resolve("models--../snapshots/" + NEW + "/x.gguf"), "x");
    write(root.resolve("datasets--o--m/snapshots/" + NEW + "/x.gguf"), "x");
    write(root.resolve("models--o--n/snapshots/not a commit/x.gguf"), "x");
    assertEquals(4, names().size(), names()::toString);
    write(root.resolve("models--o--half/snapshots/" + NEW + "/model.safetensors"), "12345678");
    assertEquals(4, names().size(), "without a tokenizer it is half a checkpoint");
    write(root.resolve("models--o--half/snapshots/" + NEW + "/tokenizer.model"), "123");
    assertTrue(names().contains("o/half@" + NEW + " 13"), names()::toString);
  }

  @Test
  void whatCannotBeReadIsSkippedAndSaid() throws IOException {
    Files.write(repository.resolve("refs/.DS_Store"), new byte[] {0, (byte) 0xff, (byte) 0x80});
    write(repository.resolve("refs/HEAD"), "ref: main");
    Path broken = root.resolve("models--o--broken/snapshots/" + NEW);
    write(broken.resolve("config.json"), "{}");
    write(broken.resolve("tokenizer.json"), "{}");
    write(broken.resolve("model.safetensors.index.json"), "{\"weight");
    assertEquals(4, names().size());
    assertEquals(
        List.of(
            "o/broken is left out: "
                + broken.resolve("model.safetensors.index.json")
                + " is no index of safetensors files."),
        skipped);
    assertEquals(20, remove("o/m@v1"));
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aFolderThatMayNotBeReadIsSkippedAndSaid() throws IOException {
    Path closed = Files.createDirectories(root.resolve("models--o--closed/snapshots/" + NEW));
    Files.setPosixFilePermissions(closed, Set.of());
    try {
      Assumptions.assumeFalse(Files.isReadable(closed), "the superuser may read all");
      assertEquals(4, names().size());
      assertEquals(List.of("o/closed is left out: " + closed + " cannot be read."), skipped);
    } finally {
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    }
  }

  @Test
  void aFileGoesWithTheBytesThatNoOtherShares() throws IOException {
    assertEquals(20, remove("o/m:changed.gguf"), "README.md shares the other one's bytes");
    assertEquals(List.of("o/m@v1:same.gguf 100", "o/m:same.gguf 100"), names());
    assertTrue(Files.exists(repository.resolve("blobs/now")));
    assertFalse(Files.exists(repository.resolve("blobs/then")));
    assertEquals(100, remove("o/m:same.gguf"));
    assertFalse(Files.exists(repository.resolve("snapshots").resolve(OLD)));
    assertFalse(Files.exists(repository.resolve("refs/v1")));
    assertTrue(Files.exists(repository.resolve("refs/main")), "README.md is left");
  }

  @Test
  void aRevisionGoesAlone() throws IOException {
    assertEquals(20, remove("o/m@v1"));
    assertEquals(List.of("o/m:changed.gguf 3", "o/m:same.gguf 100"), names());
    assertEquals(0, remove("o/m@" + NEW + ":changed.gguf"));
    assertEquals(List.of("o/m:same.gguf 100"), names());
    assertEquals(103, remove("o/m@main"));
    assertFalse(Files.exists(repository), "nothing is left of it");
  }

  @Test
  void locksOfOtherToolsAreNeitherTakenNorRemoved() throws IOException {
    Path lock = root.resolve(".locks/models--o--m/same.lock");
    try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE);
        FileLock _ = channel.lock()) {
      remove("o/m");
    }
    assertFalse(Files.exists(repository));
    assertTrue(Files.exists(lock));
  }

  @Test
  void aRepositoryGoesAsAWholeAndNothingElse() throws IOException {
    Path outside = root.resolve("outside");
    write(outside.resolve("x"), "x");
    Files.createSymbolicLink(repository.resolve("blobs/link"), outside);
    blob("left.incomplete", 7);
    write(root.resolve("models--o--other/blobs/y"), "y");
    long refs = NEW.length() + OLD.length() + 1;
    assertEquals(130 + refs, remove("o/m"));
    assertFalse(Files.exists(repository));
    assertTrue(Files.exists(outside.resolve("x")));
    assertTrue(Files.exists(root.resolve("models--o--other/blobs/y")));
  }

  @Test
  void aLinkOutOfTheRepositoryIsRemovedAndNotFollowed() throws IOException {
    Path outside = root.resolve("outside.gguf");
    write(outside, "x");
    link(NEW, "link.gguf", "../../outside.gguf");
    assertEquals(0, remove("o/m:link.gguf"));
    assertTrue(Files.exists(outside));
  }

  @Test
  void whatIsNotThereCannotBeRemoved() {
    for (String name : new String[] {"o/n", "o/m:x.gguf", "o/m@v2", "o/m@v1:x.gguf"}) {
      HubException e = assertThrows(HubException.class, () -> remove(name));
      assertEquals(name + " is not in " + root + "; 'bitnet list' shows what is.", e.getMessage());
    }
  }

  @Test
  void sizesAreSaidAsTheHubSaysThem() {
    assertEquals("0 bytes", Hub.size(0));
    assertEquals("999 bytes", Hub.size(999));
    assertEquals("1 kB", Hub.size(1000));
    assertEquals("1 MB", Hub.size(999_999));
    assertEquals("1.19 GB", Hub.size(1_187_801_280));
    assertEquals("9.22 EB", Hub.size(Long.MAX_VALUE));
  }
}
