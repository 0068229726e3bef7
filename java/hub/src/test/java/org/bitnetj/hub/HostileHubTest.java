package org.bitnetj.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitnetj.hub.FakeHub.Door;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that refuse, are busy, are broken or mean harm. */
@Timeout(60)
class HostileHubTest extends HubTestCase {
  @Test
  void bytesWithAnotherHashAreDeleted() throws IOException {
    server.always(Door.CDN, FakeHub.body(FakeHub.bytes(content.length, 2)));
    failure("the bytes that came have the SHA-256 " + FakeHub.sha256(FakeHub.bytes(300_000, 2)));
    assertFalse(Files.exists(incomplete()));
    assertFalse(Files.exists(blob()));
  }

  @Test
  void smallFilesAreCheckedByGitsHash() throws IOException {
    server.files.put(FILE, new byte[] {1, 2, 3});
    server.always(
        Door.SMALL_FILE,
        exchange -> {
          boolean head = exchange.getRequestMethod().equals("HEAD");
          exchange.getResponseHeaders().set("ETag", FakeHub.gitBlob(new byte[] {1, 2, 3}));
          if (head) {
            exchange.getResponseHeaders().set("Content-Length", "3");
          }
          exchange.sendResponseHeaders(200, head ? -1 : 3);
          if (!head) {
            exchange.getResponseBody().write(new byte[] {1, 2, 4});
          }
        });
    failure("the bytes that came have the SHA-1 ");
  }

  @ParameterizedTest
  @CsvSource({
    "LIST, 401, RepoNotFound, has no model some-org/some.model_1 for everyone",
    "LIST, 403, , has no model some-org/some.model_1 for everyone",
    "DESCRIBE, 403, GatedRepo, asks its users to accept terms",
    "LIST, 404, RepoNotFound, has no model some-org/some.model_1: check the name.",
    "LIST, 404, RevisionNotFound, some-org/some.model_1 has no revision 'main'",
    "DESCRIBE, 404, EntryNotFound, some-org/some.model_1 has no file ggml-model-i2_s.gguf",
    "FETCH, 410, , 'answered 410 instead of ggml-model-i2_s.gguf.'",
    "LIST, 204, , 'answered 204 instead of a list of files.'",
  })
  void aRefusalIsExplainedAndNotTriedAgain(Door door, int status, String code, String words)
      throws IOException {
    server.always(door, FakeHub.status(status, "X-Error-Code", code == null ? "" : code));
    failure(words);
    assertEquals(List.of(), pauses);
  }

  @Test
  void aBusyServerGetsTheTimeItAsksFor() throws IOException {
    server.next(Door.LIST, FakeHub.status(429, "Retry-After", "7"));
    server.next(Door.DESCRIBE, FakeHub.status(503));
    server.next(Door.CDN, FakeHub.status(500, "Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"));
    assertArrayEquals(content, Files.readAllBytes(pull()));
    assertEquals(
        List.of(Duration.ofSeconds(7), Duration.ofSeconds(1), Duration.ofSeconds(1)), pauses);
    assertTrue(notes.getFirst().contains("answered 429; try again later."), notes::toString);
  }

  @Test
  void patienceEnds() throws IOException {
    server.always(Door.LIST, FakeHub.status(503));
    failure("answered 503; try again later.");
    assertEquals(Stream.of(1, 2, 4, 8).map(Duration::ofSeconds).toList(), pauses);
    pauses.clear();
    server.always(Door.LIST, FakeHub.status(429, "Retry-After", "999999999"));
    failure("answered 429; try again later.");
    assertEquals(List.of(), pauses);
  }

  @Test
  void anAddressThatHasExpiredIsAskedForAgain() throws IOException {
    server.next(Door.CDN, FakeHub.status(403));
    assertArrayEquals(content, Files.readAllBytes(pull()));
    assertEquals(2, server.requests(Door.FETCH).size());
  }

  @Test
  void aServerThatIsNotThereIsNamed() throws IOException {
    int port;
    try (ServerSocket unused = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = unused.getLocalPort();
    }
    URI nobody = URI.create("http://127.0.0.1:" + port);
    hub = Hub.open(new HubOptions(nobody, Optional.empty(), root, false, true), pauses::add);
    failure("cannot reach " + nobody + ": no connection. Check the network");
    assertEquals(List.of(), pauses);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../../../x.gguf",
        "/etc/x.gguf",
        "a/../../x.gguf",
        "a//x.gguf",
        "..\\x.gguf",
        "C:x.gguf",
        "./x.gguf"
      })
  void namesThatWouldLeaveTheFolderAreNoFiles(String name) throws IOException {
    server.always(Door.LIST, FakeHub.listing(FakeHub.COMMIT, name));
    failure("there is nothing to load");
    assertEquals(List.of(), server.requests(Door.DESCRIBE));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../..", "main", "", "0123456789ABCDEF0123456789abcdef01234567"})
  void aCommitIsAHashOrNothing(String commit) throws IOException {
    server.always(Door.LIST, FakeHub.listing(commit, FILE));
    failure("names no commit; is it a hub?");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "../../x", "\"abc\"", "d41d8cd98f00b204e9800998ecf8427e"})
  void aFileWithoutAHashIsNotFetched(String tag) throws IOException {
    server.always(
        Door.DESCRIBE, FakeHub.status(302, "X-Linked-Etag", tag, "X-Linked-Size", "300000"));
    failure("does not say the hash of " + FILE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "many", "99999999999999999999"})
  void aFileWithoutASizeIsNotFetched(String size) throws IOException {
    server.always(
        Door.DESCRIBE, FakeHub.status(302, "X-Linked-Etag", "0".repeat(64), "X-Linked-Size", size));
    failure("does not say the size of " + FILE);
  }

  @Test
  void aFileThatTheDiskCannotHoldIsNotBegun() throws IOException {
    server.always(
        Door.DESCRIBE,
        FakeHub.status(302, "X-Linked-Etag", "0".repeat(64), "X-Linked-Size", "" + Long.MAX_VALUE));
    failure(MODEL + " needs 9.22 EB, but the disk of " + root + " has only ");
    assertEquals(List.of(), server.requests(Door.FETCH));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "file:///etc/passwd", "ftp://127.0.0.1/x", "http:", "//", "http://[", "same"})
  void aRedirectThatLeadsNowhereIsAnError(String location) throws IOException {
    server.always(
        Door.LIST,
        exchange ->
            FakeHub.status(
                    302,
                    "Location",
                    location.equals("same") ? exchange.getRequestURI().toString() : location)
                .answer(exchange));
    failure("redirects to where no file can be");
  }

  @Test
  void redirectsEnd() throws IOException {
    server.always(
        Door.LIST,
        exchange ->
            FakeHub.status(302, "Location", exchange.getRequestURI() + "x").answer(exchange));
    failure("redirects more than 10 times");
    assertEquals(11, server.requests(Door.LIST).size());
  }

  @Test
  void aBodyWithoutEndIsCutWhereTheFileEnds() throws IOException {
    server.always(
        Door.CDN,
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          while (true) {
            exchange.getResponseBody().write(content);
          }
        });
    failure("more bytes came than the 300000 it has");
    assertEquals(0, Files.size(incomplete()));
  }

  @Test
  void aListWithoutEndIsRefused() throws IOException {
    server.always(
        Door.LIST,
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          while (true) {
            exchange.getResponseBody().write(content);
          }
        });
    failure("is longer than any list of files");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "<html>",
        "[]",
        "{\"sha\":1}",
        "{\"siblings\":{}}",
        "{\"siblings\":[1,null]}",
        "{\"sha\":"
      })
  void aListThatIsNoneIsRefused(String body) throws IOException {
    server.always(Door.LIST, FakeHub.body(body.getBytes(StandardCharsets.UTF_8)));
    failure("; is it a hub?");
  }

  @Test
  void aLengthThatIsNotTheFilesIsRefused() throws IOException {
    server.always(Door.CDN, FakeHub.body(new byte[10]));
    failure("10 bytes would come, but 300000 are missing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes 0-299999/300000", "bytes 1000-299999/300001", "bytes", ""})
  void otherBytesThanThoseAskedForAreRefused(String range) throws IOException {
    Files.createDirectories(incomplete().getParent());
    Files.write(incomplete(), new byte[1000]);
    server.always(Door.CDN, FakeHub.status(206, "Content-Range", range));
    failure("other bytes came than those from byte 1000 on");
  }

  @ParameterizedTest
  @ValueSource(strings = {"LIST", "CDN"})
  void bytesThatAreEncodedAreRefused(String door) throws IOException {
    server.always(
        Door.valueOf(door),
        exchange -> {
          exchange.getResponseHeaders().set("Content-Encoding", "gzip");
          FakeHub.body(content).answer(exchange);
        });
    failure("sends encoded bytes, which were not asked for");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"weight_map\":{\"a\":\"../../../x.safetensors\"}}",
        "{\"weight_map\":{\"a\":\"/x.safetensors\"}}",
        "{\"weight_map\":{\"a\":\"x.bin\"}}",
        "{\"weight_map\":{\"a\":1}}",
        "{\"weight_map\":{}}",
        "{\"weight_map\":",
        "[1]"
      })
  void anIndexThatNamesWhatCannotBeAFileIsRefused(String index) throws IOException {
    server.files.remove(FILE);
    server.files.put("config.json", "{}".getBytes(StandardCharsets.UTF_8));
    server.files.put("tokenizer.json", "{ }".getBytes(StandardCharsets.UTF_8));
    server.files.put("model.safetensors.index.json", index.getBytes(StandardCharsets.UTF_8));
    assertThrows(HubException.class, this::pull);
    assertEquals(3, snapshotFiles().size(), "the config, the tokenizer and the index");
    try (Stream<Path> all = Files.walk(folder)) {
      assertTrue(all.noneMatch(file -> file.getFileName().toString().startsWith("x.")));
    }
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws IOException {
    Files.writeString(root, "a file where the cache should be");
    String sentence = failure("cannot write to ");
    assertTrue(sentence.contains("HF_HOME names the folder"), sentence);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aDiskThatIsFullIsNamed() throws IOException {
    Files.createDirectories(incomplete().getParent());
    Files.createSymbolicLink(incomplete(), Path.of("/dev/full"));
    failure("cannot write " + incomplete() + ": No space left on device.");
    assertEquals(List.of(), pauses);
  }

  @Test
  void aConnectionThatStallsIsCut() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket client = new Socket(silent.getInetAddress(), silent.getLocalPort());
        InputStream in = new StallGuard(client.getInputStream(), Duration.ofMillis(50))) {
      IOException e = assertThrows(IOException.class, in::read);
      assertEquals("nothing came for too long", e.getMessage());
    }
  }
}
