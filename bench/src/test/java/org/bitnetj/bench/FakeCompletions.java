package org.bitnetj.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A server that answers to requests for completions what a test says. */
final class FakeCompletions implements AutoCloseable {
  /** Answers one request. */
  @FunctionalInterface
  interface Script {
    void answer(JsonNode request, Reply reply) throws Exception;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<JsonNode> requests = new CopyOnWriteArrayList<>();

  FakeCompletions(Script script) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/v1/completions",
        exchange -> {
          JsonNode request = new ObjectMapper().readTree(exchange.getRequestBody());
          requests.add(request);
          try (exchange) {
            script.answer(request, new Reply(exchange));
          } catch (Exception e) {
            throw new IOException(e);
          }
        });
    server.start();
  }

  /** One answer. */
  static final class Reply {
    private final HttpExchange exchange;
    private OutputStream out = OutputStream.nullOutputStream();

    private Reply(HttpExchange exchange) {
      this.exchange = exchange;
    }

    void refuse(int status, String body) throws IOException {
      exchange.sendResponseHeaders(status, 0);
      exchange.getResponseBody().write(body.getBytes(StandardCharsets.UTF_8));
      exchange.getResponseBody().close();
    }

    /** Sends a line of data, and the head before the first one. */
    Reply data(String data) throws IOException {
      if (exchange.getResponseCode() < 0) {
        exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
        out = exchange.getResponseBody();
      }
      out.write((": comment\n\ndata: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
      return this;
    }

    Reply token(String text) throws IOException {
      return data(
          "{\"choices\":[{\"text\":\"" + text + "\",\"finish_reason\":null}],\"model\":\"fake\"}");
    }

    Reply finish(String reason) throws IOException {
      return data("{\"choices\":[{\"text\":\"\",\"finish_reason\":\"" + reason + "\"}]}");
    }

    Reply usage(int tokens, int cached) throws IOException {
      return data(
          "{\"choices\":[],\"usage\":{\"completion_tokens\":"
              + tokens
              + ",\"prompt_tokens_details\":{\"cached_tokens\":"
              + cached
              + "}}}");
    }

    void done() throws IOException {
      data("[DONE]");
      out.close();
    }
  }

  /** As many tokens as are asked for. */
  static void obey(JsonNode request, Reply reply) throws IOException {
    int tokens = request.get("max_tokens").intValue();
    for (int i = 0; i < tokens; i++) {
      reply.token("x");
    }
    reply.finish("length").usage(tokens, 0).done();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  List<JsonNode> requests() {
    return requests;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
