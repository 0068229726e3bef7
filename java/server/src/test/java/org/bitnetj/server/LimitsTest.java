package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is refused where too much is asked for at a time. */
@Timeout(60)
class LimitsTest {
  @Test
  void severalChoicesAreAdmittedOnce() throws Exception {
    try (ServedModel served =
        new ServedModel(ServedModel.options().withParallel(3).withQueue(0))) {
      JsonNode answer =
          served.ask("/v1/completions", "{\"prompt\": \"One\", \"n\": 3, \"max_tokens\": 3}");
      assertEquals(3, answer.get("choices").size());
      answer =
          served.ask(
              "/v1/completions",
              "{\"prompt\": [\"One\", \"Two\"], \"n\": 3, \"max_tokens\": 3}");
      assertEquals(6, answer.get("choices").size());
    }
  }

  @Test
  void moreChoicesThanAreGeneratedAtATimeAreRefusedByName() throws Exception {
    try (ServedModel served = new ServedModel(ServedModel.options().withParallel(3))) {
      for (String body :
          new String[] {
            "/v1/completions {\"prompt\": \"One\", \"n\": 4}",
            "/v1/chat/completions {\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"n\": 4}"
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
}
