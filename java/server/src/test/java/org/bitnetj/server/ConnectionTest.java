package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that go away, or are slow. */
@Timeout(60)
class ConnectionTest {
  /** Some 8000 tokens. */
  private static final String LONG =
      """
      {"prompt": "Once", "n": 16, "max_tokens": 500, "logit_bias": {"4095": -100}}\
      """;

  private static final String SHORT = "{\"prompt\": \"Once\", \"max_tokens\": 1}";

  /** What the library finds wrong. */
  private final List<String> complaints = new CopyOnWriteArrayList<>();

  private final Logger library = Logger.getLogger("io.helidon");
  private final Handler listening =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
            complaints.add(record.getMessage());
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  private ServedModel served;

  @BeforeEach
  void listen() {
    library.addHandler(listening);
  }

  private void serve(ServerOptions options) throws IOException {
    served = new ServedModel(options);
  }

  @AfterEach
  void stop() {
    served.close();
    library.removeHandler(listening);
  }

  private Socket connect() throws IOException {
    return new Socket("127.0.0.1", served.server.port());
  }

  private static String request(String path, String body) {
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      line.append((char) c);
    }
    return line.toString().strip();
  }

  private int health(String field) throws Exception {
    return ServedModel.JSON.readTree(served.get("/health").body()).get(field).intValue();
  }

  private void until(String field, int value) throws Exception {
    while (health(field) != value) {
      Thread.sleep(1);
    }
  }

  private double tokens() throws Exception {
    String name = "llamacpp:tokens_predicted_total ";
    return served
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
        .sum();
  }

  /** It asks for an answer that is sent whole, so that nothing is written to it meanwhile. */
  @ParameterizedTest
  @ValueSource(strings = {"closes", "resets", "closes its sending side"})
  void anAnswerThatIsSentWholeEndsWhenItsClientGoes(String how) throws Exception {
    serve(ServedModel.options());
    try (Socket socket = connect()) {
      send(socket, request("/v1/completions", LONG));
      until("running", 16);
      leave(socket, how);
      until("running", 0);
    }
    assertTrue(tokens() < 4000, tokens() + " tokens");
    assertEquals(List.of(), complaints);
  }

  private static void leave(Socket socket, String how) throws IOException {
    switch (how) {
      case "closes" -> socket.close();
      case "resets" -> {
        socket.setSoLinger(true, 0);
        socket.close();
      }
      default -> socket.shutdownOutput();
    }
  }

  @Test
  void aClientThatGoesWhileItWaitsLeavesTheQueue() throws Exception {
    serve(ServedModel.options().withParallel(16));
    try (Socket first = connect()) {
      send(first, request("/v1/completions", LONG));
      until("running", 16);
      try (Socket second = connect()) {
        send(second, request("/v1/completions", SHORT));
        until("waiting", 1);
      }
      until("waiting", 0);
      assertEquals(16, health("running"), "the first one goes on");
    }
  }

  private boolean answersAtOnce() throws Exception {
    try {
      served.send(
          HttpRequest.newBuilder(served.uri("/tokenize"))
              .timeout(Duration.ofSeconds(2))
              .POST(HttpRequest.BodyPublishers.ofString("{\"content\": \"\"}")));
      return true;
    } catch (HttpTimeoutException e) {
      return false;
    }
  }

  /** Sixteen of the largest bodies are received at a time: these take their time. */
  @Test
  void aClientThatGoesBeforeItsBodyIsReadLeavesTheLine() throws Exception {
    BlockingQueue<String> log = new LinkedBlockingQueue<>();
    serve(
        ServedModel.options()
            .withMostBodyBytes(1024)
            .withTransferTime(Duration.ofMinutes(10))
            .withLog(log::add));
    List<Socket> slow = new ArrayList<>();
    try {
      String body = " ".repeat(1024);
      for (int i = 0; i < 16; i++) {
        slow.add(connect());
        send(slow.getLast(), request("/tokenize", body).replace(body, ""));
      }
      while (answersAtOnce()) {
        continue; // they have not all come
      }
      try (Socket goes = connect()) {
        send(goes, request("/v1/completions", SHORT));
      }
      String line = log.take();
      while (!line.startsWith("POST /v1/completions 499 ")) {
        line = log.take();
      }
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  void whatAClientSendsBeforeItHasItsAnswerIsAnsweredNext() throws Exception {
    serve(ServedModel.options());
    try (Socket socket = connect()) {
      send(socket, request("/v1/completions", SHORT.replace("1}", "100}")));
      until("running", 1);
      send(socket, request("/v1/messages/count_tokens", "{}"));
      InputStream in = socket.getInputStream();
      assertEquals("HTTP/1.1 200 OK", line(in));
      int length = 0;
      for (String header = line(in); !header.isEmpty(); header = line(in)) {
        if (header.startsWith("Content-Length: ")) {
          length = Integer.parseInt(header.substring(16));
        }
      }
      in.readNBytes(length);
      assertEquals("HTTP/1.1 400 Bad Request", line(in));
    }
  }

  /** Of a client that has most of a large answer still to take. */
  @Test
  void anAnswerIsSentToItsEndWhenTheServerStops() throws Exception {
    serve(ServedModel.options());
    String texts = "\"a\", ".repeat(2047) + "\"a\"";
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4096);
      socket.connect(new InetSocketAddress("127.0.0.1", served.server.port()));
      send(socket, request("/v1/embeddings", "{\"input\": [" + texts + "]}"));
      InputStream in = socket.getInputStream();
      assertEquals("HTTP/1.1 200 OK", line(in));
      CompletableFuture<Void> stopped = CompletableFuture.runAsync(served.server::close);
      Thread.sleep(2000); // more than the time after which open connections are cut
      int length = 0;
      for (String header = line(in); !header.isEmpty(); header = line(in)) {
        if (header.startsWith("Content-Length: ")) {
          length = Integer.parseInt(header.substring(16));
        }
      }
      assertTrue(length > 1 << 20, length + " bytes");
      assertEquals(length, in.readNBytes(length).length);
      stopped.join();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"head", "body"})
  void aClientThatSendsDropByDropIsCutOff(String slow) throws Exception {
    serve(ServedModel.options().withTransferTime(Duration.ofMillis(500)));
    String request = request("/v1/completions", SHORT + " ".repeat(4000));
    try (Socket socket = connect()) {
      int at = slow.equals("head") ? 0 : request.indexOf('{');
      send(socket, request.substring(0, at));
      boolean open = true;
      for (long end = System.nanoTime() + 20_000_000_000L; open && System.nanoTime() < end; at++) {
        try {
          send(socket, request.substring(at, at + 1));
          Thread.sleep(20); // 80 s for all of it
        } catch (IOException e) {
          open = false;
        }
      }
      assertTrue(!open, at + " bytes were taken");
    }
  }

  @Test
  void aClientThatStopsInTheMidstOfABodyIsCutOff() throws Exception {
    serve(ServedModel.options().withTransferTime(Duration.ofMillis(500)));
    String request = request("/v1/completions", SHORT);
    try (Socket socket = connect()) {
      send(socket, request.substring(0, request.length() - 5));
      socket.setSoTimeout(20_000);
      assertEquals(-1, socket.getInputStream().read());
    }
  }

  @Test
  void aClientThatDoesNotReadItsStreamIsCutOff() throws Exception {
    serve(ServedModel.options().withTransferTime(Duration.ofMillis(500)));
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4096);
      socket.connect(new InetSocketAddress("127.0.0.1", served.server.port()));
      String body =
          """
          {"messages": [{"role": "user", "content": "Hi"}], "n": 16, "max_tokens": 450,
           "logit_bias": {"4095": -100}, "stream": true, "logprobs": true, "top_logprobs": 20}\
          """;
      send(socket, request("/v1/chat/completions", body));
      until("running", 16);
      until("running", 0);
      assertTrue(tokens() < 16 * 450 / 2, tokens() + " tokens");
    }
  }

  /** The time is for what is under way, not for the time between two requests. */
  @Test
  void aConnectionMayRestBetweenRequests() throws Exception {
    serve(ServedModel.options().withTransferTime(Duration.ofMillis(200)));
    try (Socket socket = connect()) {
      for (int i = 0; i < 3; i++) {
        send(socket, request("/tokenize", "{\"content\": \"\"}"));
        InputStream in = socket.getInputStream();
        assertEquals("HTTP/1.1 200 OK", line(in));
        while (!line(in).isEmpty()) {
          continue;
        }
        assertEquals("{\"tokens\":[]}", new String(in.readNBytes(13), StandardCharsets.UTF_8));
        Thread.sleep(600);
      }
    }
  }

  /** All that the server sends until it closes the connection. */
  private String all(String request) throws IOException {
    try (Socket socket = connect()) {
      socket.setSoTimeout(50_000);
      send(socket, request);
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void aConnectionIsClosedWhereTheClientAsksForIt() throws Exception {
    serve(ServedModel.options());
    String close = "Host: localhost\r\nConnection: close\r\n";
    assertTrue(all("GET / HTTP/1.1\r\n" + close + "\r\n").endsWith("</html>\n"));
    String whole = request("/v1/completions", SHORT);
    assertTrue(all(whole.replace("Host: localhost\r\n", close)).endsWith("}"));
    String stream =
        request("/v1/completions", "{\"prompt\": \"Once\", \"max_tokens\": 2, \"stream\": true}");
    assertTrue(all(stream.replace("Host: localhost\r\n", close)).contains("data: [DONE]"));
  }

  @Test
  void nothingIsAnsweredBehindARequestToClose() throws Exception {
    serve(ServedModel.options());
    String close = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    String answers = all(close + close);
    assertEquals(2, answers.split("HTTP/1.1 200 ", -1).length, answers);
  }

  @Test
  void aBodyThatNobodyReadsEndsTheConnection() throws Exception {
    serve(ServedModel.options());
    String head = "GET /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    String answers = all(head + "5\r\nhello\r\n0\r\n\r\n" + head + "0\r\n\r\n");
    assertEquals(2, answers.split("HTTP/1.1 200 ", -1).length, answers);
    assertTrue(answers.contains("Connection: close"), answers);
  }

  @Test
  void aBodyThatIsNotSentAsHttpDemandsIsRefusedAtOnce() throws Exception {
    serve(ServedModel.options().withTransferTime(Duration.ofMinutes(10)));
    String head =
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (String body :
        List.of(
            "no length\r\n",
            "\r\n",
            "-1\r\n",
            "ffffffff\r\n",
            "fffffffff\r\n",
            "5\n{\"pro\r\n",
            "5\r{\"pro\r\n",
            "0\r\nnothing\r\n",
            "5\r\n{\"pro\r\nno length\r\n")) {
      String answer = all(head + body);
      assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
      assertTrue(answer.contains("\"invalid_request_error\""), answer);
      assertTrue(answer.contains("Connection: close"), answer);
    }
  }

  @Test
  void anAnswerToHeadHasNoBody() throws Exception {
    serve(ServedModel.options());
    for (String head :
        List.of(
            "200 /health localhost",
            "405 /v1/models localhost",
            "405 /nothing localhost",
            "403 /health example.org")) {
      String[] words = head.split(" ");
      String answers =
          all(
              "HEAD "
                  + words[1]
                  + " HTTP/1.1\r\nHost: "
                  + words[2]
                  + "\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      String[] parts = answers.split("\r\n\r\n");
      assertEquals(3, parts.length, answers);
      assertTrue(parts[0].startsWith("HTTP/1.1 " + words[0] + " "), answers);
      assertTrue(parts[1].startsWith("HTTP/1.1 200 "), answers);
    }
  }
}
