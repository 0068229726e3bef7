package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The chat page before a server that answers what a test says, since no model can be made to. Files
 * of the tests' own are at {@code /test/}.
 */
final class ScriptedServer implements AutoCloseable {
  /** In place of a piece: waits until {@link #release}. */
  static final String HOLD = "\0hold";

  /** In place of a piece: the stream ends, without the mark of its end. */
  static final String CUT = "\0cut";

  /** Begins a piece that is thinking. */
  static final String THINK = "\0think";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final WebServer server;
  private final BlockingQueue<List<String>> answers = new LinkedBlockingQueue<>();
  private final BlockingQueue<JsonNode> requests = new LinkedBlockingQueue<>();
  private volatile CountDownLatch held = new CountDownLatch(1);
  private final CountDownLatch gone = new CountDownLatch(1);

  ScriptedServer() throws IOException {
    Page page = new Page();
    server =
        WebServer.builder()
            .host("127.0.0.1")
            .port(0)
            .shutdownHook(false)
            .routing(
                (HttpRouting.Builder routes) -> {
                  page.route(routes);
                  routes
                      .get("/test/{name}", this::file)
                      .get("/v1/models", this::models)
                      .get("/health", (request, response) -> response.send("{}"))
                      .post("/v1/chat/completions", this::answer);
                })
            .build()
            .start();
  }

  int port() {
    return server.port();
  }

  /** Adds the pieces of an answer; answers are given in turn. */
  ScriptedServer answers(String... pieces) {
    answers.add(List.of(pieces));
    return this;
  }

  /** Lets the answer that is held go on. */
  void release() {
    held.countDown();
  }

  /** The body of the next request. */
  JsonNode request() throws InterruptedException {
    JsonNode request = requests.poll(20, TimeUnit.SECONDS);
    if (request == null) {
      throw new AssertionError("no request came");
    }
    return request;
  }

  /** Whether the page closes the connection of an answer. */
  boolean isLeft() throws InterruptedException {
    return gone.await(20, TimeUnit.SECONDS);
  }

  private void models(ServerRequest request, ServerResponse response) {
    ObjectNode body = JSON.createObjectNode();
    body.putArray("data").addObject().put("id", "scripted-model");
    Door.send(response, body);
  }

  private void file(ServerRequest request, ServerResponse response) {
    String name = request.path().pathParameters().get("name");
    try (InputStream in = getClass().getResourceAsStream("page/" + name)) {
      response.header(
          HeaderNames.CONTENT_TYPE, name.endsWith(".js") ? "text/javascript" : "text/html");
      response.send(in == null ? new byte[0] : in.readAllBytes());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void answer(ServerRequest request, ServerResponse response) {
    try (EventStream events = new EventStream(response, Dialect.OPENAI)) {
      requests.add(JSON.readTree(request.content().as(byte[].class)));
      List<String> pieces = answers.poll();
      if (pieces == null) {
        throw new AssertionError("the test has said no answer");
      }
      for (String piece : pieces) {
        switch (piece) {
          case HOLD -> hold(events);
          case CUT -> {
            return;
          }
          default -> send(events, piece);
        }
      }
      ObjectNode last = chunk(JSON.createObjectNode(), "stop");
      last.putObject("timings")
          .put("cache_n", 12)
          .put("prompt_n", 30)
          .put("predicted_n", pieces.size())
          .put("predicted_per_second", 41.5);
      events.data(last);
      events.done();
    } catch (EventStream.Gone e) {
      gone.countDown();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void send(EventStream events, String piece) {
    boolean thinks = piece.startsWith(THINK);
    events.data(
        chunk(
            JSON.createObjectNode()
                .put(
                    thinks ? "reasoning_content" : "content",
                    thinks ? piece.substring(THINK.length()) : piece),
            null));
  }

  /** Shows itself alive, so that it learns when the page leaves. */
  private void hold(EventStream events) {
    try {
      while (!held.await(50, TimeUnit.MILLISECONDS)) {
        events.comment("waiting");
      }
      held = new CountDownLatch(1);
    } catch (InterruptedException e) {
      throw new EventStream.Gone(e);
    }
  }

  private static ObjectNode chunk(ObjectNode delta, String finish) {
    ObjectNode chunk = JsonNodeFactory.instance.objectNode();
    ObjectNode choice = chunk.putArray("choices").addObject();
    choice.set("delta", delta);
    choice.put("finish_reason", finish);
    return chunk;
  }

  @Override
  public void close() {
    release();
    server.stop();
  }
}
