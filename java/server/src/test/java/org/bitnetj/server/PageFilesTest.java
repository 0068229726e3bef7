package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** How the chat page's files are served, and that they need nothing else. */
class PageFilesTest {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static ScriptedServer server;

  @BeforeAll
  static void start() throws Exception {
    server = new ScriptedServer();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static List<String> names() throws Exception {
    Path folder = Path.of(Page.class.getResource("page/index.html").toURI()).getParent();
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void everyFileIsServedWithItsTypeAndPolicy() throws Exception {
    for (String name : names()) {
      HttpResponse<String> response = get("/page/" + name);
      assertEquals(200, response.statusCode(), name);
      String policy = response.headers().firstValue("Content-Security-Policy").orElseThrow();
      assertTrue(policy.startsWith("default-src 'none'; script-src 'self'; style-src 'self';"));
      assertTrue(!policy.contains("unsafe") && !policy.contains("http"), policy);
      assertEquals("nosniff", response.headers().firstValue("X-Content-Type-Options").get());
      assertEquals("no-referrer", response.headers().firstValue("Referrer-Policy").get());
      String type = response.headers().firstValue("Content-Type").orElseThrow();
      assertTrue(name.endsWith(".js") == type.startsWith("text/javascript"), name + " " + type);
    }
    HttpResponse<String> page = get("/");
    assertEquals("text/html; charset=utf-8", page.headers().firstValue("Content-Type").get());
    assertEquals(get("/page/index.html").body(), page.body());
  }

  @Test
  void aFileThatTheBrowserHasIsNotSentAgain() throws Exception {
    String tag = get("/page/main.js").headers().firstValue("ETag").orElseThrow();
    HttpResponse<String> same = get("/page/main.js", "If-None-Match", tag);
    assertEquals(304, same.statusCode());
    assertEquals("", same.body());
    assertEquals(200, get("/page/main.js", "If-None-Match", "\"another\"").statusCode());
    assertEquals("no-cache", same.headers().firstValue("Cache-Control").get());
  }

  @Test
  void nothingElseIsServed() throws Exception {
    for (String path :
        List.of(
            "/page/",
            "/page/nothing.js",
            "/page/../Page.class",
            "/page/%2e%2e%2fPage.class",
            "/page/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
            "/page//etc/passwd")) {
      int status = get(path).statusCode();
      assertTrue(status == 404 || status == 400, path + ": " + status);
    }
  }

  @Test
  void thePageLoadsNothingFromElsewhere() throws Exception {
    Pattern address = Pattern.compile("https?://[^\\s\"'`<>)]+");
    for (String name : names()) {
      List<String> addresses =
          address.matcher(get("/page/" + name).body()).results().map(MatchResult::group).toList();
      List<String> allowed =
          List.of("http://www.w3.org/2000/svg"); // the name of SVG, which nothing loads
      assertTrue(allowed.containsAll(addresses), name + " " + addresses);
    }
  }
}
