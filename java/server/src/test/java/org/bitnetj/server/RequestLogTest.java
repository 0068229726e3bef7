package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RequestLogTest {
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  private ServerOptions options(LogFormat format) {
    return ServedModel.options().withLogFormat(format).withLog(lines::add);
  }

  @Test
  void aRequestIsALineOfJson() throws Exception {
    ServerOptions options =
        options(LogFormat.JSON).withApiKeys(List.of(new ApiKey("s3cret", "alice", 0)));
    try (ServedModel served = new ServedModel(options)) {
      HttpResponse<String> response =
          served.send(
              HttpRequest.newBuilder(served.uri("/v1/completions"))
                  .header("x-api-key", "s3cret")
                  .POST(
                      HttpRequest.BodyPublishers.ofString(
                          "{\"prompt\": \"Once upon\", \"n\": 2, \"max_tokens\": 6,"
                              + " \"logit_bias\": {\"4095\": -100}}")));
      JsonNode line = ServedModel.JSON.readTree(lines.take());
      assertTrue(Instant.parse(line.get("time").textValue()).isBefore(Instant.now()));
      assertEquals(
          response.headers().firstValue("x-request-id").orElseThrow(), line.get("id").textValue());
      assertEquals("POST", line.get("method").textValue());
      assertEquals("/v1/completions", line.get("path").textValue());
      assertEquals("alice", line.get("key").textValue());
      assertEquals("tiny-bitnet-stories-i2_s", line.get("model").textValue());
      int prompt = ServedModel.JSON.readTree(response.body()).at("/usage/prompt_tokens").intValue();
      assertEquals(2 * prompt, line.get("prompt_tokens").intValue(), "that of each text");
      assertEquals(12, line.get("completion_tokens").intValue());
      assertTrue(line.get("cached_tokens").intValue() <= 2 * prompt);
      double queue = line.get("queue_ms").doubleValue();
      double first = line.get("ttft_ms").doubleValue();
      assertTrue(0 <= queue && queue <= first, line.toString());
      assertTrue(first <= line.get("total_ms").longValue() + 1, line.toString());
      assertEquals("length", line.get("finish").textValue());
      assertEquals(200, line.get("status").intValue());
      assertFalse(line.toString().contains("s3cret") || line.toString().contains("Once"));
    }
  }

  @Test
  void aRequestThatIsRefusedHasNoWork() throws Exception {
    try (ServedModel served = new ServedModel(options(LogFormat.JSON))) {
      served.post("/v1/completions", "{\"secret\": 1}");
      JsonNode line = ServedModel.JSON.readTree(lines.take());
      assertEquals(400, line.get("status").intValue());
      assertFalse(line.has("prompt_tokens") || line.has("key") || line.has("finish"));
      assertFalse(line.toString().contains("secret"));
    }
  }

  @Test
  void aFailureIsToldInAnyFormat() throws Exception {
    for (LogFormat format : LogFormat.values()) {
      RequestLog log = new RequestLog(options(format), "m");
      Exchange exchange = new Exchange(Duration.ofMinutes(1));
      log.answered(exchange, "GET", "/x", 200);
      assertEquals(format == LogFormat.NONE ? 0 : 1, lines.size());
      lines.clear();
      log.failed(exchange, "/x", new IllegalStateException("broken"));
      String told = lines.take();
      assertTrue(told.contains(exchange.id()) && told.contains("broken"), told);
      if (format == LogFormat.JSON) {
        assertFalse(told.contains("\n"));
        String trace = ServedModel.JSON.readTree(told).get("error").textValue();
        assertTrue(trace.contains("at org.bitnetj.server.RequestLogTest"), trace);
      }
    }
  }
}
