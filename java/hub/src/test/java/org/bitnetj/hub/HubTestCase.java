package org.bitnetj.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A fake hub with a model, an empty cache, and pauses that only are written down. */
abstract class HubTestCase {
  static final ModelName MODEL = ModelName.parse(FakeHub.ID).orElseThrow();
  static final String FILE = "ggml-model-i2_s.gguf";

  @TempDir Path folder;
  final byte[] content = FakeHub.bytes(300_000, 1);
  final List<Duration> pauses = new ArrayList<>();
  final List<String> notes = new ArrayList<>();
  FakeHub server;
  Path root;
  Hub hub;

  /** Hears notes. */
  final PullProgress progress =
      new PullProgress() {
        @Override
        public void update(String file, long done, long total) {}

        @Override
        public void note(String sentence) {
          notes.add(sentence);
        }
      };

  @BeforeEach
  void start() throws IOException {
    server = new FakeHub();
    server.files.put("README.md", new byte[] {'#'});
    server.files.put(FILE, content);
    root = folder.resolve("cache");
    hub = Hub.open(server.options(root), pauses::add);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  Path repository() {
    return root.resolve("models--some-org--some.model_1");
  }

  Path blob() {
    return repository().resolve("blobs").resolve(FakeHub.sha256(content));
  }

  Path incomplete() {
    return blob().resolveSibling(blob().getFileName() + ".bitnet.incomplete");
  }

  /** The CDN cuts the connection at a byte of the file, which is on disk then. */
  FakeHub.Fault cutAt(int end) {
    return FakeHub.cutAt(content, end, () -> incomplete().toFile().length() >= end);
  }

  Path pull() throws IOException {
    return hub.pull(MODEL, progress);
  }

  /** A pull fails with a sentence that has these words, and leaves nothing that looks whole. */
  String failure(String words) throws IOException {
    String sentence = assertThrows(HubException.class, this::pull).getMessage();
    assertTrue(sentence.contains(words), sentence);
    assertTrue(sentence.matches("[^\n]*[.?]"), sentence);
    assertEquals(List.of(), snapshotFiles());
    assertTrue(hub.find(MODEL).isEmpty());
    return sentence;
  }

  List<Path> snapshotFiles() throws IOException {
    Path snapshots = repository().resolve("snapshots");
    if (!Files.exists(snapshots)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(snapshots)) {
      return all.filter(file -> !Files.isDirectory(file)).toList();
    }
  }
}
