package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is refused where too much is asked for at a time. */
@Timeout(60)
class LimitsTest {
  @Test
  void nothingIsDraftedWhereThatIsOff() throws Exception {
    String body =
        "{\"prompt\": \""
            + "One day a cat sat on a mat and saw a rat. ".repeat(8)
            + "\", \"max_tokens\": 200, \"temperature\": 0, \"logit_bias\": {\"2\": -100}}";
    JsonNode without;
    try (ServedModel served = new ServedModel(ServedModel.options().withDrafting(false))) {
      without = served.ask("/v1/completions", body);
    }
    assertTrue(without.at("/timings/draft_n").isInt(), without::toString);
    assertEquals(0, without.at("/timings/draft_n").intValue());
    try (ServedModel served = new ServedModel(ServedModel.options())) {
      JsonNode with = served.ask("/v1/completions", body);
      assertEquals(without.at("/choices"), with.at("/choices"));
      assertTrue(with.at("/timings/draft_n").intValue() > 0, with::toString);
    }
  }

  @Test
  void severalChoicesAreAdmittedOnce() throws Exception {
    try (ServedModel served = new ServedModel(ServedModel.options().withParallel(3).withQueue(0))) {
      JsonNode answer =
          served.ask("/v1/completions", "{\"prompt\": \"One\", \"n\": 3, \"max_tokens\": 3}");
      assertEquals(3, answer.get("choices").size());
      answer =
          served.ask(
              "/v1/completions", "{\"prompt\": [\"One\", \"Two\"], \"n\": 3, \"max_tokens\": 3}");
      assertEquals(6, answer.get("choices").size());
    }
  }

  @Test
  void moreChoicesThanAreGeneratedAtATimeAreRefusedByName() throws Exception {
    try (ServedModel served = new ServedModel(ServedModel.options().withParallel(3))) {
      for (String body :
          new String[] {
            "/v1/completions {\"prompt\": \"One\", \"n\": 4}",
            "/v1/chat/completions {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}],"
                + " \"n\": 4}"
          }) {
        int space = body.indexOf(' ');
        HttpResponse<String> response =
            served.post(body.substring(0, space), body.substring(space + 1));
        assertEquals(400, response.statusCode());
        JsonNode error = ServedModel.JSON.readTree(response.body()).get("error");
        assertEquals("n", error.get("param").textValue());
        assertTrue(error.get("message").textValue().contains("from 1 to 3"), response.body());
      }
    }
  }

  /** The time runs while a client sends its request. */
  @Test
  void theTimeOfARequestBeginsWhenItArrives() throws Exception {
    ServerOptions options = ServedModel.options().withRequestTime(Duration.ofMillis(300));
    try (ServedModel served = new ServedModel(options);
        Socket socket = new Socket("127.0.0.1", served.server.port())) {
      String body = "{\"prompt\": \"Once\", \"max_tokens\": 1}";
      OutputStream out = socket.getOutputStream();
      String head =
          "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n";
      out.write(head.getBytes(StandardCharsets.UTF_8));
      Thread.sleep(600);
      out.write(body.getBytes(StandardCharsets.UTF_8));
      String answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.UTF_8);
      assertEquals("HTTP/1.1 504", answer);
    }
  }

  @Test
  void aStreamOfSeveralChoicesTellsThatItsTimeIsOver() throws Exception {
    ServerOptions options = ServedModel.options().withRequestTime(Duration.ofMillis(500));
    try (ServedModel served = new ServedModel(options)) {
      for (int round = 0; round < 3; round++) {
        HttpResponse<String> answer =
            served.post(
                "/v1/chat/completions",
                """
                {"messages": [{"role": "user", "content": "Hi"}], "n": 16, "max_tokens": 450,
                 "logit_bias": {"4095": -100}, "stream": true, "logprobs": true, "top_logprobs": 9}\
                """);
        // The time may be over before the first event.
        assertTrue(answer.body().contains("took more than"), answer.body());
      }
    }
  }
}
