package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import java.io.FilterInputStream;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bitnetj.error.GrammarException;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** What becomes of exceptions. */
class DoorFailureTest {
  private final List<String> log = new CopyOnWriteArrayList<>();
  private final ServerOptions options = ServedModel.options().withLog(log::add);

  /** What a client hears whose request throws. */
  private HttpResponse<String> answer(Supplier<? extends RuntimeException> failure)
      throws Exception {
    return answer(
        UnaryOperator.identity(),
        () -> {
          throw failure.get();
        });
  }

  /**
   * What a client hears.
   *
   * @param body what is read in place of the request's body
   * @param task what is done with it
   */
  private HttpResponse<String> answer(UnaryOperator<InputStream> body, Supplier<Door.Answer> task)
      throws Exception {
    try (Exchanges exchanges = new Exchanges(Duration.ofMinutes(1));
        Connections connections = new Connections(Duration.ofMinutes(1));
        HttpClient client = HttpClient.newHttpClient()) {
      Door door = new Door(options, exchanges, new Metrics("m"), new RequestLog(options, "m"));
      WebServer server =
          WebServer.builder()
              .host("127.0.0.1")
              .shutdownHook(false)
              .protocolsDiscoverServices(false)
              .addConnectionSelector(connections)
              .routing(
                  (HttpRouting.Builder routes) ->
                      routes.post(
                          "/x",
                          (request, response) -> {
                            request.streamFilter(body);
                            door.post((json, exchange) -> task.get()).handle(request, response);
                          }))
              .build()
              .start();
      try {
        return client.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/x"))
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build(),
            HttpResponse.BodyHandlers.ofString());
      } finally {
        server.stop();
      }
    }
  }

  @Test
  void aDefectIsNotBlamedOnTheRequestAndIsLoggedWithItsTrace() throws Exception {
    HttpResponse<String> response =
        answer(() -> new IllegalArgumentException("inner", new IllegalStateException("cause")));
    assertEquals(500, response.statusCode());
    assertTrue(response.body().contains("\"server_error\""), response.body());
    assertFalse(response.body().contains("inner"), response.body());
    String logged = String.join("\n", log);
    assertTrue(logged.contains("IllegalArgumentException: inner"), logged);
    assertTrue(logged.contains("at org.bitnetj.server.DoorFailureTest"), logged);
    assertTrue(logged.contains("Caused by: java.lang.IllegalStateException: cause"), logged);
  }

  @Test
  void aDefectWhileABodyIsReadIsNotBlamedOnTheRequest() throws Exception {
    UnaryOperator<InputStream> broken =
        in ->
            new FilterInputStream(in) {
              @Override
              public int read(byte[] bytes, int from, int count) {
                throw new IllegalStateException("inner");
              }
            };
    HttpResponse<String> response = answer(broken, () -> Assertions.fail("the body was read"));
    assertEquals(500, response.statusCode(), response.body());
    assertEquals("close", response.headers().firstValue("Connection").orElse(""));
    assertTrue(String.join("\n", log).contains("IllegalStateException: inner"), log.toString());
  }

  @Test
  void whatARequestIsToBlameForIsToldToIt() throws Exception {
    HttpResponse<String> response = answer(() -> new GrammarException("A choice needs more."));
    assertEquals(400, response.statusCode());
    assertTrue(response.body().contains("A choice needs more."), response.body());
  }
}
