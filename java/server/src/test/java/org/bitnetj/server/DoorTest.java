package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every request meets, whatever it asks for. */
class DoorTest {
  private static final String HELLO = "{\"prompt\": \"Hello\", \"max_tokens\": 1}";
  private static final Queue<String> LOG = new ConcurrentLinkedQueue<>();

  private static ServedModel plain;
  private static ServedModel guarded;

  @BeforeAll
  static void start() throws Exception {
    plain = new ServedModel(ServedModel.options());
    guarded =
        new ServedModel(
            ServedModel.options(
                2048, Set.of("key-1", "key-2"), List.of("https://example.org"), LOG::add));
  }

  @AfterAll
  static void stop() {
    plain.close();
    guarded.close();
  }

  private static HttpResponse<String> send(
      ServedModel served, String path, String body, Map<String, String> headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(served.uri(path)).POST(HttpRequest.BodyPublishers.ofString(body));
    headers.forEach(request::header);
    return served.send(request);
  }

  private static HttpResponse<String> send(Map<String, String> headers) throws Exception {
    return send(guarded, "/v1/completions", HELLO, headers);
  }

  @Test
  void aKeyComesInEitherHeader() throws Exception {
    assertEquals(200, send(Map.of("Authorization", "Bearer key-1")).statusCode());
    assertEquals(200, send(Map.of("authorization", "bearer key-2")).statusCode());
    assertEquals(200, send(Map.of("x-api-key", "key-2")).statusCode());
  }

  @Test
  void withoutAKnownKeyNothingIsAnswered() throws Exception {
    for (Map<String, String> headers :
        List.of(
            Map.<String, String>of(),
            Map.of("Authorization", "Bearer key-3"),
            Map.of("Authorization", "Bearer "),
            Map.of("Authorization", "Basic key-1"),
            Map.of("x-api-key", "key-1 and more"),
            Map.of("x-api-key", "key-"))) {
      HttpResponse<String> response = send(headers);
      assertEquals(401, response.statusCode(), headers.toString());
      JsonNode error = ServedModel.JSON.readTree(response.body()).get("error");
      assertEquals("invalid_api_key", error.get("code").textValue());
    }
    HttpResponse<String> anthropic = send(guarded, "/v1/messages", "{}", Map.of());
    assertEquals(401, anthropic.statusCode());
    assertEquals(
        "authentication_error",
        ServedModel.JSON.readTree(anthropic.body()).at("/error/type").textValue());
    assertEquals(401, guarded.get("/v1/models").statusCode());
  }

  @Test
  void healthAndMetricsNeedNoKey() throws Exception {
    assertEquals(200, guarded.get("/health").statusCode());
    assertEquals(200, guarded.get("/metrics").statusCode());
  }

  private static Optional<String> allowed(ServedModel served, String method, String origin)
      throws Exception {
    return served
        .send(
            HttpRequest.newBuilder(served.uri("/health"))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .header("Origin", origin))
        .headers()
        .firstValue("Access-Control-Allow-Origin");
  }

  @Test
  void pagesOfOthersAreLetInByNameAlone() throws Exception {
    for (String method : List.of("GET", "OPTIONS")) {
      assertEquals(Optional.empty(), allowed(plain, method, "https://example.org"));
      assertEquals(
          Optional.of("https://example.org"), allowed(guarded, method, "https://example.org"));
      assertEquals(Optional.empty(), allowed(guarded, method, "https://example.com"));
    }
  }

  private static int asked(ServedModel served, String origin) throws Exception {
    return send(
            served,
            "/detokenize",
            "{\"tokens\": [1]}",
            Map.of("Origin", origin, "x-api-key", "key-1", "Content-Type", "text/plain"))
        .statusCode();
  }

  @Test
  void whatPagesOfOthersAskIsRefused() throws Exception {
    assertEquals(200, asked(plain, "http://127.0.0.1:" + plain.server.port()), "its own page");
    assertEquals(403, asked(plain, "https://example.org"));
    assertEquals(403, asked(plain, "http://localhost:1"));
    assertEquals(403, asked(plain, "null"));
    assertEquals(200, asked(guarded, "https://example.org"));
    assertEquals(403, asked(guarded, "https://example.com"));
  }

  /** The status of an answer to a request without a body. */
  private static int status(ServedModel served, String request, String host) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", served.server.port())) {
      socket
          .getOutputStream()
          .write(
              (request + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.UTF_8);
      return Integer.parseInt(answer.substring(9));
    }
  }

  /** A name of a page's owner that has come to mean this machine: the page is taken for its own. */
  @ParameterizedTest
  @ValueSource(strings = {"GET /", "GET /health", "OPTIONS /v1/messages", "DELETE /", "HEAD /"})
  void aRequestByANameThatIsNotTheServersIsRefused(String request) throws Exception {
    assertEquals(403, status(plain, request, "evil.example:80"));
    assertEquals(403, status(plain, request, "localhost.evil.example"));
  }

  @Test
  void theServersNamesAreThoseOfTheMachineAndThoseThatItIsTold() throws Exception {
    for (String host :
        List.of("localhost", "LOCALHOST:8080", "127.0.0.1", "192.168.1.2:8080", "[::1]:8080")) {
      assertEquals(200, status(plain, "GET /health", host), host);
    }
    HostNames names = new HostNames("Box.example", List.of("llm.example.org"));
    for (String host :
        List.of("box.example", "llm.example.org:443", "LLM.example.org", "[fe80::1]")) {
      assertTrue(names.allows(host), host);
    }
    for (String host : List.of("", "example.org", "a.llm.example.org", "1.2.3.4.example", "::1x")) {
      assertFalse(names.allows(host), host);
    }
    assertTrue(new HostNames("0.0.0.0", List.of("*")).allows("any.example"));
  }

  @Test
  void aPageThatIsLetInMaySendTheHeadersItAsksFor() throws Exception {
    HttpResponse<String> response =
        guarded.send(
            HttpRequest.newBuilder(guarded.uri("/v1/messages"))
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                .header("Origin", "https://example.org")
                .header("Access-Control-Request-Headers", "x-stainless-os,authorization"));
    assertEquals(204, response.statusCode());
    assertEquals(
        Optional.of("x-stainless-os,authorization"),
        response.headers().firstValue("Access-Control-Allow-Headers"));
  }

  @Test
  void aBodyThatIsTooLargeIsRefused() throws Exception {
    String large = "{\"prompt\": \"" + "x".repeat(3000) + "\"}";
    Map<String, String> key = Map.of("x-api-key", "key-1");
    HttpResponse<String> response = send(guarded, "/v1/completions", large, key);
    assertEquals(413, response.statusCode());
    assertTrue(response.body().contains("2048 bytes"), response.body());
    HttpRequest.Builder chunked =
        HttpRequest.newBuilder(guarded.uri("/v1/messages"))
            .header("x-api-key", "key-1")
            .POST(
                HttpRequest.BodyPublishers.fromPublisher(
                    HttpRequest.BodyPublishers.ofString(large)));
    HttpResponse<String> other = guarded.send(chunked);
    assertEquals(413, other.statusCode());
    assertEquals(
        "request_too_large", ServedModel.JSON.readTree(other.body()).at("/error/type").textValue());
    assertEquals(200, send(guarded, "/v1/completions", HELLO, key).statusCode());
  }

  /** What sockets hold on both sides, and much less than without an end. */
  private static final int MOST_SENT = 1 << 24;

  /** Nobody reads on to its end. */
  @ParameterizedTest
  @ValueSource(strings = {"POST /v1/messages key-1", "POST /v1/messages none", "GET /health none"})
  void aBodyWithoutEndIsCut(String request) throws Exception {
    String[] words = request.split(" ");
    String head =
        "%s %s HTTP/1.1\r\nHost: localhost\r\nx-api-key: %s\r\nTransfer-Encoding: chunked\r\n\r\n"
            .formatted((Object[]) words);
    try (Socket socket = new Socket("127.0.0.1", guarded.server.port())) {
      OutputStream out = socket.getOutputStream();
      out.write(head.getBytes(StandardCharsets.UTF_8));
      byte[] chunk = ("1000\r\n" + " ".repeat(0x1000) + "\r\n").getBytes(StandardCharsets.UTF_8);
      long sent = 0;
      try {
        while (sent < MOST_SENT) {
          out.write(chunk);
          sent += chunk.length;
        }
      } catch (IOException closed) {
        // as it should be
      }
      assertTrue(sent < MOST_SENT, sent + " bytes were taken");
    }
  }

  @Test
  void whatIsNoJsonObjectIsRefused() throws Exception {
    for (String body :
        List.of(
            "",
            "{",
            "{\"prompt\": \"a\"} {",
            "{\"prompt\": \"a\", \"prompt\": \"b\"}",
            "{\"prompt\": \"a\", \"temperature\": NaN}",
            "{'prompt': 'a'}",
            "[]",
            "null",
            "\"text\"",
            "{\"prompt\": " + "[".repeat(300) + "]".repeat(300) + "}",
            "[".repeat(100_000),
            "{\"prompt\": \"a\", \"seed\": " + "9".repeat(5000) + "}",
            "\u0000")) {
      HttpResponse<String> response = plain.post("/v1/completions", body);
      String shown = body.substring(0, Math.min(40, body.length()));
      assertEquals(400, response.statusCode(), shown + " " + response.body());
      JsonNode error = ServedModel.JSON.readTree(response.body()).get("error");
      assertEquals("invalid_request_error", error.get("type").textValue(), shown);
      assertTrue(error.get("message").textValue().endsWith("."), response.body());
    }
  }

  @Test
  void halfACharacterIsNoFailure() throws Exception {
    for (String text : List.of("\\ud83d", "\\ude00x", "\\u0000", "\\ud83d\\ude00")) {
      assertEquals(
          200,
          plain
              .post("/v1/completions", "{\"prompt\": \"%s\", \"max_tokens\": 1}".formatted(text))
              .statusCode(),
          text);
    }
  }

  @Test
  void theLogHasNoTextOfRequests() throws Exception {
    Map<String, String> key = Map.of("x-api-key", "key-1");
    send(guarded, "/tokenize", "{\"content\": \"secret\"}", key);
    send(guarded, "/tokenize", "{\"secret\": 1}", key);
    List<String> lines = List.of();
    while (lines.size() < 2) { // a line comes after its answer
      Thread.sleep(1);
      lines = LOG.stream().filter(line -> line.contains("/tokenize")).toList();
    }
    assertTrue(lines.get(0).matches("POST /tokenize 200 \\d+ ms"), lines.get(0));
    assertTrue(lines.get(1).matches("POST /tokenize 400 \\d+ ms"), lines.get(1));
    assertFalse(LOG.toString().contains("secret"));
  }

  private static int running() throws Exception {
    return ServedModel.JSON.readTree(plain.get("/health").body()).get("running").intValue();
  }

  private static double metric(String name) throws Exception {
    return plain
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .sum();
  }

  /** Its 16 texts of 500 tokens each are not generated to their ends. */
  @Test
  @Timeout(60)
  void aClientThatVanishesGivesItsPlacesBack() throws Exception {
    double tokens = metric("llamacpp:tokens_predicted_total");
    String body =
        """
        {"prompt": "Once", "n": 16, "stream": true, "max_tokens": 500, "logprobs": 5,
         "logit_bias": {"4095": -100}}\
        """;
    try (Socket socket = new Socket("127.0.0.1", plain.server.port())) {
      socket.setSoLinger(true, 0); // closing resets the connection
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + body)
              .getBytes(StandardCharsets.UTF_8));
      out.flush();
      InputStream in = socket.getInputStream();
      StringBuilder seen = new StringBuilder();
      while (seen.indexOf("data: ") < 0) {
        seen.append((char) in.read());
      }
      assertTrue(running() > 0);
    }
    while (running() > 0) {
      Thread.sleep(1);
    }
    double more = metric("llamacpp:tokens_predicted_total") - tokens;
    assertTrue(more < 16 * 500 / 2, more + " tokens");
  }
}
