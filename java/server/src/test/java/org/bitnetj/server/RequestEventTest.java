package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RequestEventTest {
  @Test
  void aFlightRecordingHasEveryRequest() throws Exception {
    BlockingQueue<RecordedEvent> events = new LinkedBlockingQueue<>();
    try (ServedModel served = new ServedModel(ServedModel.options());
        RecordingStream stream = new RecordingStream()) {
      stream.enable("org.bitnetj.Request").withoutThreshold();
      stream.onEvent("org.bitnetj.Request", events::add);
      stream.setReuse(false);
      stream.startAsync();
      HttpResponse<String> answer =
          served.send(
              HttpRequest.newBuilder(served.uri("/v1/completions"))
                  .POST(
                      HttpRequest.BodyPublishers.ofString(
                          "{\"prompt\": \"Once upon\", \"max_tokens\": 5, \"seed\": 7}")));
      served.get("/nothing");
      stream.stop();
      RecordedEvent request = events.take();
      assertEquals(
          answer.headers().firstValue("x-request-id").orElseThrow(), request.getString("id"));
      assertEquals("/v1/completions", request.getString("path"));
      assertEquals(200, request.getInt("status"));
      assertEquals(
          ServedModel.JSON.readTree(answer.body()).at("/usage/prompt_tokens").intValue(),
          request.getInt("promptTokens"));
      assertEquals(5, request.getInt("completionTokens"));
      Duration queue = request.getDuration("queueTime");
      Duration first = request.getDuration("firstTokenTime");
      assertTrue(!queue.isNegative() && queue.compareTo(first) <= 0, queue + ", " + first);
      assertTrue(first.compareTo(request.getDuration()) <= 0, first + ", " + request);
      RecordedEvent refused = events.take();
      assertEquals(404, refused.getInt("status"));
      assertEquals(Duration.ZERO, refused.getDuration("firstTokenTime"));
    }
  }
}
