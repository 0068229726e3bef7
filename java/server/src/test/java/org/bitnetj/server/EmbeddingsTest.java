package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bitnetj.generate.EmbeddingModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What clients of OpenAI's embeddings see, on the shipped model. */
class EmbeddingsTest {
  private static ServedModel served;
  private static EmbeddingModel library;

  @BeforeAll
  static void start() throws Exception {
    served = new ServedModel(ServedModel.options());
    library = EmbeddingModel.of(served.model);
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  private static JsonNode ask(String input, String more) throws Exception {
    return served.ask("/v1/embeddings", "{\"input\": " + input + more + "}");
  }

  private static float[] vector(JsonNode answer, int index) {
    JsonNode list = answer.at("/data/" + index + "/embedding");
    float[] vector = new float[list.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = list.get(i).floatValue();
    }
    return vector;
  }

  @Test
  void aVectorIsThatOfTheLibrary() throws Exception {
    JsonNode answer = ask("\"A ship\"", "");
    assertEquals("list", answer.get("object").textValue());
    assertEquals("embedding", answer.at("/data/0/object").textValue());
    assertEquals(0, answer.at("/data/0/index").intValue());
    assertArrayEquals(library.embed("A ship"), vector(answer, 0));
    assertEquals(library.countTokens("A ship"), answer.at("/usage/prompt_tokens").intValue());
    assertEquals(library.countTokens("A ship"), answer.at("/usage/total_tokens").intValue());
  }

  @Test
  void manyTextsKeepTheirOrder() throws Exception {
    List<String> texts = IntStream.range(0, 40).mapToObj(i -> "Text " + i).toList();
    JsonNode answer = ask(texts.stream().collect(Collectors.joining("\", \"", "[\"", "\"]")), "");
    assertEquals(40, answer.get("data").size());
    for (int i = 0; i < 40; i++) {
      assertEquals(i, answer.at("/data/" + i + "/index").intValue());
      assertArrayEquals(library.embed(texts.get(i)), vector(answer, i), texts.get(i));
    }
  }

  @Test
  void tokensAreTakenAsTheyAre() throws Exception {
    String one = Arrays.toString(library.encode("A ship"));
    String two = Arrays.toString(library.encode("The sea"));
    JsonNode answer = ask("[" + one + ", " + two + "]", "");
    assertArrayEquals(library.embed("A ship"), vector(answer, 0));
    assertArrayEquals(library.embed("The sea"), vector(answer, 1));
    assertArrayEquals(library.embed("A ship"), vector(ask(one, ""), 0));
  }

  @Test
  void base64HasTheSameFloats() throws Exception {
    JsonNode answer = ask("\"A ship\"", ", \"encoding_format\": \"base64\"");
    byte[] bytes = Base64.getDecoder().decode(answer.at("/data/0/embedding").textValue());
    float[] vector = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
    assertArrayEquals(library.embed("A ship"), vector);
  }

  @Test
  void onlyTheModelsOwnWidthIsThere() throws Exception {
    int width = library.info().width();
    assertEquals(width, vector(ask("\"a\"", ", \"dimensions\": " + width), 0).length);
    refused("dimensions", "{\"input\": \"a\", \"dimensions\": 8}");
  }

  @Test
  void wrongRequestsAreRefusedByName() throws Exception {
    refused("input", "{}");
    refused("input", "{\"input\": []}");
    refused("input", "{\"input\": [[]]}");
    refused("input", "{\"input\": [1000000]}");
    refused("input", "{\"input\": [[1], {\"a\": 1}]}");
    refused("encoding_format", "{\"input\": \"a\", \"encoding_format\": \"hex\"}");
    refused("whatever", "{\"input\": \"a\", \"whatever\": 1}");
    HttpResponse<String> longer =
        served.post("/v1/embeddings", "{\"input\": \"" + "many words ".repeat(3000) + "\"}");
    assertEquals(400, longer.statusCode());
    assertEquals(
        "context_length_exceeded",
        ServedModel.JSON.readTree(longer.body()).at("/error/code").textValue());
  }

  /** Texts that take some seconds. */
  private static String many() {
    return "{\"input\": [" + "\"%s\", ".formatted("word ".repeat(400)).repeat(1000) + "\"a\"]}";
  }

  private static int running() throws Exception {
    return ServedModel.JSON.readTree(served.get("/health").body()).get("running").intValue();
  }

  @Test
  @Timeout(60)
  void vectorsThatAreLateAreNotComputed() throws Exception {
    ServerOptions hasty = ServedModel.options().withRequestTime(Duration.ofMillis(300));
    try (ServedModel other = new ServedModel(hasty)) {
      long start = System.nanoTime();
      assertEquals(504, other.post("/v1/embeddings", many()).statusCode());
      assertTrue(System.nanoTime() - start < 10_000_000_000L);
      assertEquals(0, other.model.status().sessions());
    }
  }

  @Test
  @Timeout(60)
  void aClientThatGoesEndsThem() throws Exception {
    String body = many();
    long steps = served.model.status().rows();
    try (Socket socket = new Socket("127.0.0.1", served.server.port())) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                      + body.length()
                      + "\r\n\r\n"
                      + body)
                  .getBytes(StandardCharsets.UTF_8));
      while (running() == 0) {
        Thread.sleep(1);
      }
    }
    while (running() > 0) {
      Thread.sleep(1);
    }
    long rows = served.model.status().rows() - steps;
    assertTrue(rows < 200_000, rows + " of 400000 tokens");
  }

  private static void refused(String param, String body) throws Exception {
    HttpResponse<String> response = served.post("/v1/embeddings", body);
    assertEquals(400, response.statusCode(), response.body());
    JsonNode error = ServedModel.JSON.readTree(response.body()).get("error");
    assertEquals(param, error.get("param").textValue(), response.body());
    assertTrue(error.get("message").textValue().contains(param), response.body());
  }
}
