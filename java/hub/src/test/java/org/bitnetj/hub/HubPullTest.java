package org.bitnetj.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.bitnetj.hub.FakeHub.Door;
import org.bitnetj.hub.FakeHub.Request;
import org.junit.jupiter.api.Test;

/** What a pull fetches, where it puts it, and how it goes on after a cut. */
class HubPullTest extends HubTestCase {
  @Test
  void aFileComesOverTheRedirectIntoTheLayoutThatTheHubsToolsShare() throws IOException {
    Path path = pull();
    assertEquals(repository().resolve("snapshots").resolve(FakeHub.COMMIT).resolve(FILE), path);
    assertArrayEquals(content, Files.readAllBytes(path));
    assertEquals(Path.of("../../blobs", FakeHub.sha256(content)), Files.readSymbolicLink(path));
    assertEquals(FakeHub.COMMIT, Files.readString(repository().resolve("refs/main")));
    assertFalse(Files.exists(incomplete()));
    assertEquals(List.of(path), snapshotFiles());
  }

  @Test
  void theTokenGoesToTheHubAlone() throws IOException {
    pull();
    for (Door door : new Door[] {Door.LIST, Door.DESCRIBE, Door.FETCH}) {
      assertEquals("Bearer hf_secret", server.requests(door).getFirst().authorization());
    }
    assertNull(server.requests(Door.CDN).getFirst().authorization());
  }

  @Test
  void whatIsInTheCacheIsFoundWithoutAskingAServer() throws IOException {
    assertTrue(hub.find(MODEL).isEmpty());
    Path path = pull();
    int before = server.requestCount();
    assertEquals(path, hub.get(MODEL, progress));
    assertEquals(Optional.of(path), hub.find(name(":" + FILE)));
    assertEquals(Optional.of(path), hub.find(name("@" + FakeHub.COMMIT)));
    assertTrue(hub.find(name(":other.gguf")).isEmpty());
    assertTrue(hub.find(name("@v2")).isEmpty());
    assertEquals(before, server.requestCount());
  }

  private static ModelName name(String rest) {
    return ModelName.parse(FakeHub.ID + rest).orElseThrow();
  }

  @Test
  void aSecondPullFetchesNothingAgain() throws IOException {
    Path path = pull();
    assertEquals(path, pull());
    assertEquals(1, server.requests(Door.CDN).size());
  }

  /** As in a cache that is read-only: where a file is, even the superuser can make no folder. */
  @Test
  void aPullOfWhatIsThereWritesNothing() throws IOException {
    Path path = pull();
    Files.move(root.resolve(".locks"), folder.resolve("locks"));
    Files.writeString(root.resolve(".locks"), "");
    assertEquals(path, pull());
    assertEquals(path, hub.pull(name("@" + FakeHub.COMMIT), progress));
    Files.delete(repository().resolve("refs/main"));
    String message = assertThrows(HubException.class, this::pull).getMessage();
    assertTrue(message.startsWith("cannot write to " + root.resolve(".locks")), message);
  }

  @Test
  void aRevisionIsAskedForAndRemembered() throws IOException {
    Path path = hub.pull(name("@refs/pr/1"), progress);
    assertTrue(
        server.requests(Door.LIST).getFirst().path().endsWith("/revision/refs%2Fpr%2F1"),
        () -> server.requests(Door.LIST).toString());
    assertEquals(Optional.of(path), hub.find(name("@refs/pr/1")));
    assertTrue(hub.find(MODEL).isEmpty());
  }

  @Test
  void aCutIsContinuedWhereItWas() throws IOException {
    server.next(Door.CDN, cutAt(100_000), cutAt(200_000));
    assertArrayEquals(content, Files.readAllBytes(pull()));
    List<Request> requests = server.requests(Door.CDN);
    assertEquals(3, requests.size());
    assertNull(requests.get(0).range());
    assertEquals("bytes=100000-", requests.get(1).range());
    assertEquals("bytes=200000-", requests.get(2).range());
    assertEquals(List.of(Duration.ofSeconds(1), Duration.ofSeconds(2)), pauses);
    assertTrue(notes.getFirst().contains("the connection was cut at byte "), notes::toString);
  }

  @Test
  void whatACutLeftIsUsedByTheNextPull() throws IOException {
    server.always(Door.CDN, cutAt(100_000));
    failure("the connection was cut at byte 100000 of 300000");
    assertEquals(5, server.requests(Door.CDN).size());
    assertEquals(100_000, Files.size(incomplete()));
    server.next(Door.CDN, cutAt(content.length));
    assertArrayEquals(content, Files.readAllBytes(pull()));
    assertEquals("bytes=100000-", server.requests(Door.CDN).getLast().range());
    assertFalse(Files.exists(incomplete()));
  }

  @Test
  void aServerThatKnowsNoRangesSendsAllAgain() throws IOException {
    leave(FakeHub.bytes(1000, 2));
    server.always(Door.CDN, FakeHub.body(content));
    assertArrayEquals(content, Files.readAllBytes(pull()));
  }

  @Test
  void aServerThatCannotGoOnIsAskedForAll() throws IOException {
    leave(FakeHub.bytes(1000, 2));
    server.next(Door.CDN, FakeHub.status(416));
    assertArrayEquals(content, Files.readAllBytes(pull()));
  }

  /** Bytes that another pull left. */
  private void leave(byte[] bytes) throws IOException {
    Files.createDirectories(incomplete().getParent());
    Files.write(incomplete(), bytes);
  }

  @Test
  void leftoversThatAreWrongAreFetchedAgain() throws IOException {
    for (int length : new int[] {1000, content.length, content.length + 1}) {
      leave(FakeHub.bytes(length, 2));
      assertArrayEquals(content, Files.readAllBytes(pull()));
      hub.remove(MODEL);
    }
  }

  @Test
  void leftoversThatAreWholeNeedNoServer() throws IOException {
    leave(content);
    assertArrayEquals(content, Files.readAllBytes(pull()));
    assertEquals(List.of(), server.requests(Door.CDN));
  }

  /** As huggingface_hub begins one, and as it ends one in the midst of ours. */
  @Test
  void anotherToolsDownloadOfTheSameFileIsNotDisturbed() throws IOException {
    Path theirs = blob().resolveSibling(blob().getFileName() + ".incomplete");
    byte[] begun = FakeHub.bytes(1000, 7);
    Files.createDirectories(theirs.getParent());
    Files.write(theirs, begun);
    Path pointer = repository().resolve("snapshots").resolve(FakeHub.COMMIT).resolve(FILE);
    Files.createDirectories(pointer.getParent());
    server.next(
        Door.CDN,
        FakeHub.cutAt(
            content,
            100_000,
            () -> {
              if (incomplete().toFile().length() < 100_000) {
                return false;
              }
              try {
                assertArrayEquals(begun, Files.readAllBytes(theirs));
                Files.write(theirs, content);
                Files.move(theirs, blob());
                Files.createSymbolicLink(pointer, pointer.getParent().relativize(blob()));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              return true;
            }));
    assertEquals(pointer, pull());
    assertArrayEquals(content, Files.readAllBytes(pointer));
    assertFalse(Files.exists(incomplete()));
    assertEquals(List.of(pointer), snapshotFiles());
  }

  @Test
  void progressCountsWhatIsOnDiskAndEndsWithAll() throws IOException {
    leave(Arrays.copyOf(content, 100_000));
    List<Long> done = Collections.synchronizedList(new ArrayList<>());
    hub.pull(
        MODEL,
        (file, bytes, total) -> {
          assertEquals(FILE, file);
          assertEquals(content.length, total);
          done.add(bytes);
        });
    assertEquals(100_000, done.getFirst());
    assertEquals(content.length, done.getLast());
    assertEquals(done.stream().sorted().toList(), done);
  }

  @Test
  void aCheckpointNeedsItsConfigTokenizerAndAllShards() throws IOException {
    server.files.remove(FILE);
    for (String file :
        List.of(
            "config.json",
            "generation_config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "chat_template.jinja",
            "training_args.bin")) {
      server.files.put(file, file.getBytes());
    }
    String index =
        "{\"metadata\":{},\"weight_map\":{\"a\":\"w-1.safetensors\",\"b\":\"w-2.safetensors\"}}";
    server.files.put("model.safetensors.index.json", index.getBytes());
    server.files.put("w-1.safetensors", FakeHub.bytes(5000, 3));
    Path shard = repository().resolve("snapshots/" + FakeHub.COMMIT + "/w-2.safetensors");
    assertThrows(HubException.class, this::pull);
    assertTrue(hub.find(MODEL).isEmpty(), "a shard is missing");
    server.files.put("w-2.safetensors", FakeHub.bytes(5000, 4));
    Path path = pull();
    assertEquals(shard.getParent(), path);
    assertEquals(Optional.of(path), hub.find(MODEL));
    assertEquals(8, snapshotFiles().size());
    assertTrue(Files.isRegularFile(shard));
    assertFalse(Files.exists(path.resolve("training_args.bin")));
  }

  @Test
  void aCheckpointThatLacksHowItMakesEmbeddingsIsCompleted() throws IOException {
    server.files.remove(FILE);
    for (String file : List.of("config.json", "tokenizer.json", "model.safetensors")) {
      server.files.put(file, file.getBytes());
    }
    Path path = pull();
    for (String file :
        List.of("modules.json", "config_sentence_transformers.json", "1_Pooling/config.json")) {
      server.files.put(file, file.getBytes());
    }
    assertEquals(path, pull());
    assertEquals("1_Pooling/config.json", Files.readString(path.resolve("1_Pooling/config.json")));
    assertEquals(6, snapshotFiles().size());
  }

  @Test
  void whatTheListOfModulesNamesIsFetched() throws IOException {
    server.files.remove(FILE);
    for (String file :
        List.of(
            "config.json",
            "tokenizer.json",
            "model.safetensors",
            "sentence_bert_config.json",
            "head/config.json",
            "onnx/config.json")) {
      server.files.put(file, file.getBytes());
    }
    String modules =
        "[{\"idx\":0,\"path\":\"\"},{\"path\":\"head\"},{\"path\":\"2_None\"},{\"path\":\"..\"},7]";
    server.files.put("modules.json", modules.getBytes());
    Path path = pull();
    assertEquals("head/config.json", Files.readString(path.resolve("head/config.json")));
    assertTrue(Files.exists(path.resolve("sentence_bert_config.json")));
    assertFalse(Files.exists(path.resolve("onnx")));
    assertEquals(6, snapshotFiles().size());
    server.files.put("modules.json", "[{\"path\":\"onnx\"".getBytes());
    assertEquals(path, pull()); // loading says what is wrong with it
    assertFalse(Files.exists(path.resolve("onnx")));
  }

  @Test
  void theConfigurationThatAFileWasTunedByComesWithIt() throws IOException {
    for (String file : List.of("kernel_config.ini", "x/kernel_config.ini", "x/m-tl1.gguf")) {
      server.files.put(file, file.getBytes());
    }
    Path path = hub.pull(name(":x/m-tl1.gguf"), progress);
    assertEquals("m-tl1.gguf", path.getFileName().toString());
    assertEquals("x/kernel_config.ini", Files.readString(path.resolveSibling("kernel_config.ini")));
    assertEquals(2, snapshotFiles().size());
    hub.pull(name(":" + FILE), progress);
    assertEquals(4, snapshotFiles().size());
    hub.remove(name(":x/m-tl1.gguf"));
    assertEquals(2, snapshotFiles().size());
  }

  @Test
  void itStaysForTheOthersWhenOneIsRemoved() throws IOException {
    for (String file : List.of("kernel_config.ini", "m-tl1.gguf")) {
      server.files.put(file, file.getBytes());
    }
    hub.pull(name(":m-tl1.gguf"), progress);
    Path other = hub.pull(name(":" + FILE), progress);
    hub.remove(name(":m-tl1.gguf"));
    assertTrue(Files.exists(other.resolveSibling("kernel_config.ini")));
    assertEquals(2, snapshotFiles().size());
    hub.remove(name(":" + FILE));
    assertEquals(List.of(), snapshotFiles());
  }

  @Test
  void allPartsOfASplitFileComeWhicheverIsNamed() throws IOException {
    for (int i = 1; i <= 3; i++) {
      server.files.put("sub folder/m-0000" + i + "-of-00003.gguf", FakeHub.bytes(2000, i));
    }
    Path path = hub.pull(name(":sub folder/m-00002-of-00003.gguf"), progress);
    assertEquals("m-00001-of-00003.gguf", path.getFileName().toString());
    for (int i = 1; i <= 3; i++) {
      assertArrayEquals(
          FakeHub.bytes(2000, i),
          Files.readAllBytes(path.resolveSibling("m-0000" + i + "-of-00003.gguf")));
    }
  }

  @Test
  void whereThereAreNoLinksTheSnapshotHoldsTheBytes() throws IOException {
    HubOptions plain =
        new HubOptions(URI.create(server.address()), Optional.empty(), root, false, false);
    Path path = Hub.open(plain).pull(MODEL, progress);
    assertFalse(Files.isSymbolicLink(path));
    assertArrayEquals(content, Files.readAllBytes(path));
    Hub.open(plain).pull(MODEL, progress);
    assertEquals(1, server.requests(Door.CDN).size());
  }

  @Test
  void bytesOfAnotherRevisionAreNotFetchedAgain() throws IOException {
    Path first = pull();
    Path snapshot = first.getParent();
    Files.move(snapshot, snapshot.resolveSibling("f".repeat(40)));
    assertEquals(first, pull());
    assertArrayEquals(content, Files.readAllBytes(first));
    assertEquals(1, server.requests(Door.CDN).size());
  }

  @Test
  void offlineOnlyTheCacheIsUsed() throws IOException {
    HubOptions offline =
        new HubOptions(URI.create(server.address()), Optional.empty(), root, true, true);
    HubException e = assertThrows(HubException.class, () -> Hub.open(offline).get(MODEL, progress));
    assertEquals(
        FakeHub.ID
            + " is not in "
            + root
            + ", and HF_HUB_OFFLINE forbids fetching it; without it, 'bitnet pull "
            + FakeHub.ID
            + "' does.",
        e.getMessage());
    Path path = pull();
    assertEquals(path, Hub.open(offline).get(MODEL, progress));
    assertEquals(path, Hub.open(offline).pull(MODEL, progress));
  }

  @Test
  void aShortNameMeansOneFileAndNoOther() {
    KnownModel known =
        new KnownModel("some", MODEL, OptionalLong.empty(), Optional.of("0".repeat(64)));
    HubException e = assertThrows(HubException.class, () -> hub.pull(known, progress));
    assertTrue(e.getMessage().contains("has another " + FILE), e.getMessage());
    assertEquals(List.of(), server.requests(Door.CDN));
  }

  @Test
  void aShortNameMeansItsFileInTheCacheToo() throws IOException {
    byte[] right = FakeHub.bytes(content.length, 9);
    KnownModel known =
        new KnownModel("some", MODEL, OptionalLong.empty(), Optional.of(FakeHub.sha256(right)));
    Path path = pull();
    assertEquals(Optional.empty(), hub.find(known));
    HubOptions offline =
        new HubOptions(URI.create(server.address()), Optional.empty(), root, true, true);
    HubException e = assertThrows(HubException.class, () -> Hub.open(offline).get(known, progress));
    assertTrue(e.getMessage().startsWith(path + " is another file than the one"), e.getMessage());
    server.files.put(FILE, right);
    assertEquals(path, hub.get(known, progress));
    assertArrayEquals(right, Files.readAllBytes(path));
    assertEquals(Optional.of(path), hub.find(known));
  }

  @Test
  void halfACheckpointIsFetchedWhole() throws IOException {
    server.files.remove(FILE);
    for (String file : List.of("config.json", "tokenizer.json", "model.safetensors")) {
      server.files.put(file, file.getBytes());
    }
    Path path = pull();
    Files.delete(path.resolve("tokenizer.json"));
    assertTrue(hub.find(MODEL).isEmpty());
    HubOptions offline =
        new HubOptions(URI.create(server.address()), Optional.empty(), root, true, true);
    HubException e = assertThrows(HubException.class, () -> Hub.open(offline).get(MODEL, progress));
    assertTrue(e.getMessage().startsWith(FakeHub.ID + " is not whole in "), e.getMessage());
    assertEquals(path, hub.get(MODEL, progress));
    assertTrue(Files.exists(path.resolve("tokenizer.json")));
  }

  @Test
  void aCheckpointWithoutATokenizerThatTheEngineReadsIsRefusedBeforeItIsFetched()
      throws IOException {
    server.files.remove(FILE);
    for (String file : List.of("config.json", "model.safetensors")) {
      server.files.put(file, file.getBytes());
    }
    failure("has neither tokenizer.json nor tokenizer.model, so nothing says which text");
    for (String file : List.of("vocab.json", "merges.txt")) {
      server.files.put(file, file.getBytes());
    }
    failure("has neither tokenizer.json nor tokenizer.model, but a vocab.json, which does not");
    server.files.put("tokenizer.model", new byte[] {1});
    Path path = pull();
    assertEquals(Optional.of(path), hub.find(MODEL));
    assertTrue(Files.exists(path.resolve("tokenizer.model")));
  }

  @Test
  void twoPullsAtOnceFetchAFileOnce() throws Exception {
    List<CompletableFuture<Path>> pulls =
        IntStream.range(0, 4)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> {
                          try {
                            return Hub.open(server.options(root)).pull(MODEL, PullProgress.NONE);
                          } catch (IOException e) {
                            throw new UncheckedIOException(e);
                          }
                        },
                        task -> Thread.ofVirtual().start(task)))
            .toList();
    for (CompletableFuture<Path> pull : pulls) {
      assertArrayEquals(content, Files.readAllBytes(pull.get(30, TimeUnit.SECONDS)));
    }
    assertEquals(1, server.requests(Door.CDN).size());
  }

  /** Holds the lock of a file until its input ends. */
  public static void main(String[] args) throws IOException {
    try (FileChannel channel =
            FileChannel.open(
                Path.of(args[0]), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var _ = channel.lock()) {
      System.out.println("locked");
      System.in.read();
    }
  }

  @Test
  void aPullOfAnotherProcessIsWaitedFor() throws Exception {
    Path lock =
        root.resolve(".locks/models--some-org--some.model_1")
            .resolve(FakeHub.sha256(content) + ".bitnet.lock");
    Files.createDirectories(lock.getParent());
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                HubPullTest.class.getName(),
                lock.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertEquals("locked", holder.inputReader().readLine());
      CompletableFuture<String> waits = new CompletableFuture<>();
      CompletableFuture<Path> pull = new CompletableFuture<>();
      PullProgress told =
          new PullProgress() {
            @Override
            public void update(String file, long done, long total) {}

            @Override
            public void note(String sentence) {
              waits.complete(sentence);
            }
          };
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  pull.complete(hub.pull(MODEL, told));
                } catch (IOException | RuntimeException e) {
                  pull.completeExceptionally(e);
                }
              });
      assertEquals(
          FILE + " is being fetched by another pull; waiting for it.",
          waits.get(30, TimeUnit.SECONDS));
      assertEquals(List.of(), server.requests(Door.CDN));
      holder.outputWriter().close();
      assertArrayEquals(content, Files.readAllBytes(pull.get(30, TimeUnit.SECONDS)));
    } finally {
      holder.destroyForcibly();
    }
  }
}
