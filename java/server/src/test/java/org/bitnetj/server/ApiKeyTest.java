package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.http.HttpRequest;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApiKeyTest {
  @Test
  void aLineHasAKeyAndPerhapsItsPriorityAndName() {
    assertEquals(new ApiKey("s3cret", "key-1", 0), ApiKey.parse(" s3cret ", "key-1"));
    assertEquals(new ApiKey("a", "key-2", -5), ApiKey.parse("a priority=-5", "key-2"));
    assertEquals(new ApiKey("a", "bob", 7), ApiKey.parse("a\tname=bob  priority=7", "key-3"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "s3cret high",
        "s3cret priority=high",
        "s3cret priority=9999",
        "s3cret priority=99999999999",
        "s3cret name=",
        "s3cret name=a/b"
      })
  void otherLinesAreRefusedWithoutTheKey(String line) {
    String sentence =
        assertThrows(IllegalArgumentException.class, () -> ApiKey.parse(line, "key-1"))
            .getMessage();
    assertFalse(sentence.contains("s3cret"), sentence);
  }

  @Test
  void theKeyIsNotShown() {
    assertFalse(new ApiKey("s3cret", "a", 1).toString().contains("s3cret"));
  }

  /** Of two that wait while a third one is answered. */
  @Test
  @Timeout(60)
  void requestsOfAHigherPriorityAreAnsweredFirst() throws Exception {
    ServerOptions options =
        ServedModel.options()
            .withParallel(1)
            .withApiKeys(List.of(new ApiKey("low", "low", 0), new ApiKey("high", "high", 1)));
    try (ServedModel served = new ServedModel(options)) {
      CompletableFuture<Long> first = ask(served, "low", 400);
      while (health(served, "running") < 1) {
        Thread.sleep(1);
      }
      CompletableFuture<Long> low = ask(served, "low", 100);
      while (health(served, "waiting") < 1) {
        Thread.sleep(1);
      }
      CompletableFuture<Long> high = ask(served, "high", 100);
      assertEquals(1, Long.compare(low.get(), high.get()), "the later one was answered before");
      first.get();
    }
  }

  private static int health(ServedModel served, String field) throws Exception {
    return ServedModel.JSON.readTree(served.get("/health").body()).get(field).intValue();
  }

  /** When the answer was there. */
  private static CompletableFuture<Long> ask(ServedModel served, String key, int tokens) {
    String body =
        "{\"prompt\": \"Once\", \"max_tokens\": %d, \"logit_bias\": {\"4095\": -100}}"
            .formatted(tokens);
    CompletableFuture<Long> done = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            served.send(
                HttpRequest.newBuilder(served.uri("/v1/completions"))
                    .header("x-api-key", key)
                    .POST(HttpRequest.BodyPublishers.ofString(body)));
            done.complete(System.nanoTime());
          } catch (Exception e) {
            done.completeExceptionally(e);
          }
        });
    return done;
  }
}
