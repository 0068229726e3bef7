package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.generate.EmbeddingModel;
import org.jspecify.annotations.Nullable;

/** OpenAI's {@code /v1/embeddings}. */
final class Embeddings {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int MOST_TEXTS = 2048;

  /** Texts that take a turn together; others come in between. */
  private static final int TOGETHER = 16;

  private final Answers answers;
  private final Identity identity;
  private final @Nullable EmbeddingModel model;
  private final String refusal;

  Embeddings(Answers answers, Identity identity) {
    this.answers = answers;
    this.identity = identity;
    EmbeddingModel found = null;
    String sentence = "";
    try {
      found = EmbeddingModel.of(answers.model());
    } catch (ModelFileException e) {
      sentence = String.valueOf(e.getMessage());
    }
    this.model = found;
    this.refusal = sentence;
  }

  Door.Answer read(JsonNode body, Exchange exchange) {
    EmbeddingModel embedder = model;
    if (embedder == null) {
      throw new ApiException(ApiException.Kind.INVALID, refusal);
    }
    Fields request = Fields.of(body, "");
    request.ignore("model", "user");
    List<int[]> texts =
        Prompts.read(request, "input", answers.model().tokenizer(), embedder::encode);
    if (texts.size() > MOST_TEXTS) {
      throw request.wrong("input", "must be at most " + MOST_TEXTS + " texts");
    }
    if (texts.stream().anyMatch(ids -> ids.length == 0)) {
      throw request.wrong("input", "has a text without tokens");
    }
    int width = embedder.info().width();
    OptionalInt dimensions = request.integer("dimensions", 1, Integer.MAX_VALUE);
    if (dimensions.isPresent() && dimensions.getAsInt() != width) {
      throw request.wrong(
          "dimensions", "can only be " + width + " here: vectors are as wide as the model");
    }
    boolean base64 =
        request
            .text("encoding_format")
            .map(
                format ->
                    switch (format) {
                      case "float" -> false;
                      case "base64" -> true;
                      default -> throw request.wrong("encoding_format", "must be float or base64");
                    })
            .orElse(false);
    request.finish();
    return (events, response) ->
        Door.send(response, json(texts, embed(exchange, embedder, texts), base64));
  }

  private List<float[]> embed(Exchange exchange, EmbeddingModel embedder, List<int[]> texts) {
    List<float[]> vectors = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += TOGETHER) {
      List<int[]> some = texts.subList(from, Math.min(from + TOGETHER, texts.size()));
      long positions = some.stream().mapToLong(ids -> Answers.inBlocks(ids.length)).sum();
      vectors.addAll(
          answers.inTurn(exchange, 1, positions, () -> embedTogether(exchange, embedder, some)));
    }
    exchange.work().prompt(tokens(texts), 0);
    return vectors;
  }

  private static int tokens(List<int[]> texts) {
    return texts.stream().mapToInt(ids -> ids.length).sum();
  }

  /** On a thread of its own, which an interrupt ends when the vectors are no longer wanted. */
  private static List<float[]> embedTogether(
      Exchange exchange, EmbeddingModel embedder, List<int[]> texts) {
    FutureTask<List<float[]>> task = new FutureTask<>(() -> embedder.embedTokens(texts));
    Thread worker = Thread.ofVirtual().name("bitnet-embed").unstarted(task);
    try (Exchange.Registration _ = exchange.whenEnded(worker::interrupt)) {
      exchange.requireWanted();
      worker.start();
      return task.get();
    } catch (ExecutionException e) {
      exchange.requireWanted();
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      worker.interrupt();
      Thread.currentThread().interrupt();
      throw Exchange.stopping();
    }
  }

  private ObjectNode json(List<int[]> texts, List<float[]> vectors, boolean base64) {
    ObjectNode body = JSON.objectNode();
    body.put("object", "list");
    ArrayNode data = body.putArray("data");
    for (int i = 0; i < vectors.size(); i++) {
      ObjectNode one = data.addObject();
      one.put("object", "embedding");
      one.put("index", i);
      one.set("embedding", base64 ? JSON.textNode(base64(vectors.get(i))) : list(vectors.get(i)));
    }
    body.put("model", identity.model());
    int tokens = tokens(texts);
    body.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
    return body;
  }

  private static ArrayNode list(float[] vector) {
    ArrayNode list = JSON.arrayNode(vector.length);
    for (float x : vector) {
      list.add(x);
    }
    return list;
  }

  /** The floats' bytes, little-endian. */
  private static String base64(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }
}
