package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code bitnet serve} as a process of its own. */
@DisabledOnOs(OS.WINDOWS)
class ServeCommandTest {
  @TempDir private Path folder;
  private final HttpClient client = HttpClient.newHttpClient();

  private Process serve(String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("org.bitnetj.cli.BitnetCommand");
    command.addAll(List.of("serve", "-m", Models.SHIPPED.toString(), "--port", "0"));
    command.addAll(List.of(args));
    return new ProcessBuilder(command).start();
  }

  /** Where it listens, as it says itself. */
  private static String address(BufferedReader errors) throws IOException {
    for (String line = errors.readLine(); line != null; line = errors.readLine()) {
      int at = line.indexOf(" at http://");
      if (at > 0) {
        return line.substring(at + 4, line.indexOf(' ', at + 4));
      }
    }
    throw new AssertionError("the server ended");
  }

  private HttpRequest.Builder completion(String address, String body) {
    return HttpRequest.newBuilder(URI.create(address + "/v1/completions"))
        .POST(HttpRequest.BodyPublishers.ofString(body));
  }

  @Test
  void servesWithAKeyAndLetsAnAnswerEndWhenItIsToldToStop() throws Exception {
    Path keys = Files.writeString(folder.resolve("keys"), "# of the tests\nsecret-1\n\n");
    Process process = serve("--api-key-file", keys.toString(), "--alias", "stories");
    try (BufferedReader errors = process.errorReader(StandardCharsets.UTF_8)) {
      String address = address(errors);
      String body = "{\"prompt\": \"Once\", \"max_tokens\": 300, \"seed\": 1, \"stream\": true}";
      assertEquals(
          401,
          client
              .send(completion(address, body).build(), HttpResponse.BodyHandlers.ofString())
              .statusCode());
      HttpResponse<InputStream> answer =
          client.send(
              completion(address, body).header("Authorization", "Bearer secret-1").build(),
              HttpResponse.BodyHandlers.ofInputStream());
      assertEquals(200, answer.statusCode());
      InputStream stream = answer.body();
      byte[] first = stream.readNBytes(20);
      process.destroy();
      String text =
          new String(first, StandardCharsets.UTF_8)
              + new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(text.endsWith("data: [DONE]\n\n"), text.substring(text.length() - 200));
      assertTrue(text.contains("\"model\":\"stories\""));
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(128 + 15, process.exitValue());
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aLineOfJsonNamesTheKeysOwner() throws Exception {
    Path keys = Files.writeString(folder.resolve("keys"), "secret-1 priority=5 name=alice\n");
    Process process = serve("--api-key-file", keys.toString(), "--log", "json");
    try (BufferedReader errors = process.errorReader(StandardCharsets.UTF_8)) {
      String address = address(errors);
      client.send(
          completion(address, "{\"prompt\": \"Once\", \"max_tokens\": 3}")
              .header("Authorization", "Bearer secret-1")
              .build(),
          HttpResponse.BodyHandlers.ofString());
      String line = errors.readLine();
      while (!line.startsWith("{")) {
        line = errors.readLine();
      }
      JsonNode request = new ObjectMapper().readTree(line);
      assertEquals("alice", request.get("key").textValue());
      assertEquals(3, request.get("completion_tokens").intValue());
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aPortThatIsTakenIsNamed() throws Exception {
    Process first = serve();
    try (BufferedReader errors = first.errorReader(StandardCharsets.UTF_8)) {
      String address = address(errors);
      JsonNode models =
          new ObjectMapper()
              .readTree(
                  client
                      .send(
                          HttpRequest.newBuilder(URI.create(address + "/v1/models")).build(),
                          HttpResponse.BodyHandlers.ofString())
                      .body());
      assertEquals("tiny-bitnet-stories-i2_s", models.at("/data/0/id").textValue());
      String port = address.substring(address.lastIndexOf(':') + 1);
      Outcome second = Outcome.of("serve", "-m", Models.SHIPPED.toString(), "--port", port);
      assertEquals(1, second.code());
      assertTrue(second.err().contains("annot listen at 127.0.0.1:" + port), second.err());
    } finally {
      first.destroyForcibly();
    }
  }

  @Test
  void wrongOptionsAreRefused() {
    assertEquals(2, Outcome.of("serve", "--parallel", "0").code());
    assertEquals(2, Outcome.of("serve", "--port", "70000").code());
    assertEquals(2, Outcome.of("serve", "--kept-cache", "-1").code());
    assertEquals(2, Outcome.of("serve", "--transfer-time", "0").code());
    assertEquals(2, Outcome.of("serve", "--log", "xml").code());
    Outcome alone = Outcome.of("serve", "--tls-cert", "cert.pem");
    assertEquals(2, alone.code());
    assertTrue(alone.err().contains("go together"), alone.err());
    Outcome absent = Outcome.of("serve", "--tls-cert", "none.pem", "--tls-key", "none.pem");
    assertEquals(1, absent.code());
    assertTrue(absent.err().contains("annot read none.pem"), absent.err());
    Outcome key = Outcome.of("serve", "--api-key", "s3cret high");
    assertEquals(2, key.code());
    assertFalse(key.err().contains("s3cret"), key.err());
  }
}
