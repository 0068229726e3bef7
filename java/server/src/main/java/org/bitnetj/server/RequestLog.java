package org.bitnetj.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.function.Consumer;

/** Tells of each request, without any text of prompts or answers. Thread-safe. */
final class RequestLog {
  private final LogFormat format;
  private final Consumer<String> lines;
  private final String model;

  RequestLog(ServerOptions options, String model) {
    this.format = options.logFormat();
    this.lines = options.log();
    this.model = model;
  }

  /** A request's answer has been sent, or its client has gone (499, as in nginx). */
  void answered(Exchange exchange, String method, String path, int status) {
    long millis = exchange.age().toMillis();
    switch (format) {
      case TEXT -> lines.accept("%s %s %d %d ms".formatted(method, path, status, millis));
      case JSON -> {
        ObjectNode line = line(exchange).put("method", method).put("path", path);
        exchange.key().ifPresent(key -> line.put("key", key.name()));
        line.put("model", model);
        exchange.work().describe(line);
        lines.accept(line.put("total_ms", millis).put("status", status).toString());
      }
      case NONE -> {}
    }
  }

  /** The server has failed; a message of the failure may quote the request. */
  void failed(Exchange exchange, String path, Throwable failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    String text = trace.toString().strip();
    lines.accept(
        format == LogFormat.JSON
            ? line(exchange).put("path", path).put("error", text).toString()
            : "error " + exchange.id() + " " + path + " " + text);
  }

  private static ObjectNode line(Exchange exchange) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("time", Instant.now().toString())
        .put("id", exchange.id());
  }
}
