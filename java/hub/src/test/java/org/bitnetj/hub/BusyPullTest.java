package org.bitnetj.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.bitnetj.hub.FakeHub.Door;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a pull that is cut, removed or waited for. */
class BusyPullTest extends HubTestCase {
  private static ModelName name(String rest) {
    return ModelName.parse(FakeHub.ID + rest).orElseThrow();
  }

  @Test
  void whatACutLeftIsRemovedWithItsModelAndNotByAFilesNameThatMayBeWrong() throws IOException {
    server.always(Door.CDN, cutAt(100_000));
    failure("the connection was cut");
    String message =
        assertThrows(HubException.class, () -> hub.remove(name(":typo.gguf"))).getMessage();
    assertTrue(
        message.endsWith("'bitnet rm " + FakeHub.ID + "' removes all of that model."), message);
    assertEquals(100_000, Files.size(incomplete()));
    assertTrue(hub.remove(name("")) >= 100_000);
    assertFalse(Files.exists(repository()));
  }

  @Test
  void whatACutLeftOfAPinnedFileIsKnownByItsHash() throws IOException {
    KnownModel pinned = KnownModel.find("2b4t").orElseThrow();
    Path blobs = root.resolve("models--microsoft--bitnet-b1.58-2B-4T-gguf/blobs");
    Files.createDirectories(blobs);
    Path left =
        Files.write(blobs.resolve(pinned.sha256().orElseThrow() + ".incomplete"), new byte[9]);
    Path other = Files.write(blobs.resolve("other.incomplete"), new byte[5]);
    assertEquals(9, hub.remove(pinned.model()));
    assertFalse(Files.exists(left));
    assertTrue(Files.exists(other));
  }

  @Test
  void whatIsBeingFetchedIsNotRemoved() throws IOException {
    List<String> refusals = new ArrayList<>();
    Hub other = Hub.open(server.options(root));
    hub.pull(
        MODEL,
        (file, done, total) -> {
          if (done > 0 && done < total && refusals.isEmpty()) {
            CompletableFuture.runAsync(
                    () -> {
                      for (String rest : List.of("", ":" + FILE)) {
                        refusals.add(
                            assertThrows(HubException.class, () -> other.remove(name(rest)))
                                .getMessage());
                      }
                    })
                .join();
          }
        });
    String busy = FakeHub.ID + " is being fetched just now; wait until that has ended, or stop it.";
    assertEquals(List.of(busy, busy), refusals);
    assertArrayEquals(content, Files.readAllBytes(hub.find(MODEL).orElseThrow()));
    hub.remove(MODEL);
    assertTrue(Files.exists(lock()), "who waits for it must meet who comes later");
  }

  /** What the pull of the weights locks. */
  private Path lock() {
    String hash = FakeHub.sha256(content);
    return root.resolve(".locks/models--some-org--some.model_1").resolve(hash + ".bitnet.lock");
  }

  private void serveCheckpoint() {
    server.files.remove(FILE);
    server.files.put("config.json", FakeHub.bytes(100, 2));
    server.files.put("tokenizer.json", FakeHub.bytes(200, 3));
    server.files.put("model.safetensors", content);
  }

  private void assertWhole(Path snapshot) throws IOException {
    assertEquals(Optional.of(snapshot), hub.find(MODEL));
    assertEquals(3, snapshotFiles().size());
    assertArrayEquals(content, Files.readAllBytes(snapshot.resolve("model.safetensors")));
  }

  @Test
  void aPullWhoseModelIsRemovedBetweenTwoFilesFetchesAllTheSame() throws IOException {
    serveCheckpoint();
    Hub other = Hub.open(server.options(root));
    List<Long> freed = new ArrayList<>();
    Path snapshot =
        hub.pull(
            MODEL,
            (file, done, total) -> {
              if (done == 300 && freed.isEmpty()) { // of both small files, the second maybe locked
                CompletableFuture.runAsync(() -> removed(other).ifPresent(freed::add)).join();
              }
            });
    assertEquals(List.of(300L), freed);
    assertWhole(snapshot);
  }

  /** Before what they name is fetched, they are read. */
  @ParameterizedTest
  @ValueSource(strings = {"model.safetensors.index.json", "modules.json"})
  void aPullWhoseListOfFilesIsRemovedFetchesAllTheSame(String list) throws IOException {
    serveCheckpoint();
    String named = "{\"weight_map\":{\"a\":\"w.safetensors\"},\"path\":\"head\"}";
    server.files.put(list, named.getBytes(StandardCharsets.UTF_8));
    server.files.put("head/config.json", FakeHub.bytes(100, 4));
    if (list.contains("index")) {
      server.files.remove("head/config.json");
      server.files.put("w.safetensors", server.files.remove("model.safetensors"));
    }
    Hub other = Hub.open(server.options(root));
    List<Long> freed = new ArrayList<>();
    Path snapshot =
        hub.pull(
            MODEL,
            (file, done, total) -> {
              if (done == total && freed.isEmpty()) { // the last file maybe locked
                CompletableFuture.runAsync(() -> removed(other).ifPresent(freed::add)).join();
              }
            });
    assertEquals(1, freed.size());
    assertEquals(Optional.of(snapshot), hub.find(MODEL));
    assertEquals(server.files.size() - 1, snapshotFiles().size(), "all but README.md");
  }

  @Test
  void aPullWhoseModelIsRemovedEachTimeEnds() {
    serveCheckpoint();
    Hub other = Hub.open(server.options(root));
    PullProgress removing =
        (file, done, total) -> {
          if (done == 300) {
            CompletableFuture.runAsync(() -> removed(other)).join();
          }
        };
    String message = assertThrows(HubException.class, () -> hub.pull(MODEL, removing)).getMessage();
    assertTrue(message.startsWith(FakeHub.ID + " was removed from " + root), message);
  }

  private static Optional<Long> removed(Hub hub) {
    try {
      return Optional.of(hub.remove(MODEL));
    } catch (HubException e) {
      assertTrue(e.getMessage().contains("is being fetched just now"), e.getMessage());
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aPullThatWaitsWhileItsModelIsRemovedFetchesAllTheSame() throws Exception {
    serveCheckpoint();
    CompletableFuture<Void> between = new CompletableFuture<>();
    CompletableFuture<Void> goOn = new CompletableFuture<>();
    PullProgress progress =
        (file, done, total) -> {
          if (done == 300) { // of both small files
            between.complete(null);
            goOn.join();
          }
        };
    FutureTask<Path> pull = new FutureTask<>(() -> hub.pull(MODEL, progress));
    FutureTask<Long> removal = new FutureTask<>(() -> hub.remove(MODEL));
    Thread pulling = Thread.ofPlatform().start(pull);
    between.get(30, TimeUnit.SECONDS);
    try (BlobLock _ = BlobLock.take(repositoryLock(), () -> {})) {
      awaitLock(Thread.ofPlatform().start(removal)); // which comes first
      goOn.complete(null);
      awaitLock(pulling);
      assertEquals(2, snapshotFiles().size());
      assertFalse(Files.exists(lock()), "a removal that has looked for such files will not see it");
    }
    assertEquals(300, removal.get(30, TimeUnit.SECONDS));
    assertWhole(pull.get(30, TimeUnit.SECONDS));
  }

  @Test
  void aPullThatIsAboutToFetchIsSeenByARemoval() throws Exception {
    serveCheckpoint();
    FutureTask<Path> pull = new FutureTask<>(() -> hub.pull(MODEL, PullProgress.NONE));
    try (BlobLock _ = BlobLock.take(lock(), () -> {})) {
      Files.delete(lock()); // so that the pull has yet to create it
      awaitLock(Thread.ofPlatform().start(pull));
      assertTrue(Files.exists(lock()));
      FutureTask<Optional<Long>> removal = new FutureTask<>(() -> removed(hub));
      Thread.ofPlatform().start(removal);
      assertEquals(Optional.empty(), removal.get(30, TimeUnit.SECONDS));
    }
    assertWhole(pull.get(30, TimeUnit.SECONDS));
  }

  private Path repositoryLock() {
    return lock().resolveSibling("repository.bitnet.lock");
  }

  @Test
  void theSecondOfTwoRemovalsSaysThatNothingIsThere() throws Exception {
    pull();
    FutureTask<Long> second = new FutureTask<>(() -> hub.remove(MODEL));
    try (BlobLock _ = BlobLock.take(repositoryLock(), () -> {})) { // as the first has it
      awaitLock(Thread.ofPlatform().start(second));
      Files.move(repository(), folder.resolve("removed"));
    }
    ExecutionException e =
        assertThrows(ExecutionException.class, () -> second.get(30, TimeUnit.SECONDS));
    assertTrue(e.getCause() instanceof HubException, e::toString);
    assertTrue(e.getCause().getMessage().contains(" is not in "), e::toString);
  }

  /** Returns when a thread waits for a lock. */
  private static void awaitLock(Thread thread) throws InterruptedException {
    for (int i = 0; i < 3000 && !waitsForLock(thread); i++) {
      Thread.sleep(10);
    }
    assertTrue(waitsForLock(thread), () -> Arrays.toString(thread.getStackTrace()));
  }

  private static boolean waitsForLock(Thread thread) {
    return thread.getState() == Thread.State.WAITING
        && Arrays.stream(thread.getStackTrace())
            .anyMatch(frame -> frame.getClassName().equals(BlobLock.class.getName()));
  }

  @Test
  void whoWaitsForAnotherPullCanBeInterrupted() throws Exception {
    Path lock = root.resolve("x.lock");
    try (BlobLock _ = BlobLock.take(lock, () -> {})) {
      CompletableFuture<Throwable> ended = new CompletableFuture<>();
      CompletableFuture<Boolean> waits = new CompletableFuture<>();
      Thread other =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      BlobLock.take(lock, () -> waits.complete(true)).close();
                      ended.complete(new AssertionError("got the lock"));
                    } catch (Throwable e) {
                      ended.complete(e);
                    }
                  });
      assertTrue(waits.get(30, TimeUnit.SECONDS));
      other.interrupt();
      Throwable end = ended.get(30, TimeUnit.SECONDS);
      assertTrue(end instanceof InterruptedIOException, end::toString);
    }
  }
}
