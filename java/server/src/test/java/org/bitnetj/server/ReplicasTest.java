package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The configuration of nginx that the documentation has, before two servers. */
@Timeout(120)
class ReplicasTest {
  private static final String SHORT = "{\"prompt\": \"Once\", \"max_tokens\": 2}";

  @TempDir private Path folder;
  private final HttpClient client = HttpClient.newHttpClient();
  private ServedModel one;
  private ServedModel two;
  private Process nginx;
  private int port;

  @BeforeEach
  void start() throws Exception {
    assumeTrue(isThere(), "there is no nginx");
    one = new ServedModel(ServedModel.options());
    two = new ServedModel(ServedModel.options());
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Path documented =
        Path.of(System.getProperty("bitnet.models")).resolveSibling("docs").resolve("nginx.conf");
    String configuration =
        Files.readString(documented)
            .replace("127.0.0.1:8081", "127.0.0.1:" + one.server.port())
            .replace("127.0.0.1:8082", "127.0.0.1:" + two.server.port())
            .replace("listen 8080;", "listen 127.0.0.1:" + port + ";")
            .replace("http {", "http {\n" + folders());
    Path file = Files.writeString(folder.resolve("nginx.conf"), configuration);
    nginx =
        new ProcessBuilder(
                "nginx",
                "-p",
                folder.toString(),
                "-c",
                file.toString(),
                "-e",
                "stderr",
                "-g",
                "daemon off; master_process off; pid " + folder.resolve("pid") + ";")
            .inheritIO()
            .start();
    while (true) {
      try {
        ask("start", "/health", "");
        return;
      } catch (ConnectException e) {
        assertTrue(nginx.isAlive(), "nginx has ended");
        Thread.sleep(10);
      }
    }
  }

  private static boolean isThere() throws InterruptedException {
    try {
      return new ProcessBuilder("nginx", "-v").inheritIO().start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** What else it writes is of no use here. */
  private String folders() {
    StringBuilder lines = new StringBuilder("  access_log off;\n");
    for (String kind : new String[] {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
      lines.append("  %s_temp_path %s;\n".formatted(kind, folder.resolve(kind)));
    }
    return lines.toString();
  }

  @AfterEach
  void stop() throws Exception {
    if (nginx != null) {
      nginx.destroy();
      assertTrue(nginx.waitFor(20, TimeUnit.SECONDS));
    }
    if (one != null) {
      one.close();
      two.close();
    }
    client.close();
  }

  private HttpRequest request(String conversation, String path, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .header("X-Conversation-Id", conversation);
    return (body.isEmpty() ? request : request.POST(HttpRequest.BodyPublishers.ofString(body)))
        .build();
  }

  private HttpResponse<String> ask(String conversation, String path, String body) throws Exception {
    return client.send(request(conversation, path, body), HttpResponse.BodyHandlers.ofString());
  }

  /** The address of the one that answered last. */
  private static String replica(HttpResponse<?> response) {
    String all = response.headers().firstValue("X-Replica").orElseThrow();
    return all.substring(all.lastIndexOf(' ') + 1);
  }

  @Test
  void aConversationStaysWithAReplicaAndAllOfThemAreSpread() throws Exception {
    Set<String> replicas = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      String first = replica(ask("conversation " + i, "/v1/completions", SHORT));
      assertEquals(first, replica(ask("conversation " + i, "/v1/completions", SHORT)));
      replicas.add(first);
    }
    assertEquals(2, replicas.size());
  }

  @Test
  void eventsGoOnAsTheyCome() throws Exception {
    String body =
        "{\"prompt\": \"Once\", \"max_tokens\": 400, \"stream\": true,"
            + " \"logit_bias\": {\"4095\": -100}}";
    HttpResponse<InputStream> response =
        client.send(
            request("a", "/v1/completions", body), HttpResponse.BodyHandlers.ofInputStream());
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      assertTrue(lines.readLine().startsWith("data: "));
      int running = one.model.status().sessions() + two.model.status().sessions();
      assertEquals(1, running, "the text goes on while its beginning is here");
      String last = "";
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        last = line.isEmpty() ? last : line;
      }
      assertEquals("data: [DONE]", last);
    }
  }

  @Test
  void aClientThatGoesIsNoticedThroughTheBalancer() throws Exception {
    String body =
        "{\"prompt\": \"Once\", \"n\": 16, \"max_tokens\": 500, \"logit_bias\": {\"4095\": -100}}";
    HttpClient leaving = HttpClient.newHttpClient();
    leaving.sendAsync(request("a", "/v1/completions", body), HttpResponse.BodyHandlers.ofString());
    while (one.model.status().sessions() + two.model.status().sessions() == 0) {
      Thread.sleep(1);
    }
    leaving.shutdownNow();
    while (one.model.status().sessions() + two.model.status().sessions() > 0) {
      Thread.sleep(1);
    }
    long rows = one.model.status().rows() + two.model.status().rows();
    assertTrue(rows < 4000, rows + " tokens");
  }

  @Test
  void anotherReplicaAnswersForOneThatHasStopped() throws Exception {
    String first = replica(ask("a", "/v1/completions", SHORT));
    ServedModel stopped = first.endsWith(":" + one.server.port()) ? one : two;
    stopped.server.close();
    for (int i = 0; i < 5; i++) {
      HttpResponse<String> response = ask("a", "/v1/completions", SHORT);
      assertEquals(200, response.statusCode(), response.body());
      assertNotEquals(first, replica(response));
    }
  }
}
