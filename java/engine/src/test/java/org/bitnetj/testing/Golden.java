package org.bitnetj.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The shipped model and what an independent numpy implementation of its arithmetic says about it.
 * Expectations and tolerances come from {@code golden.json}, never from constants here.
 */
public final class Golden {
  /** The shipped model's file. */
  public static final Path MODEL =
      Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");

  private static final JsonNode ROOT = read();

  /** A prompt with its expected continuation; logits are {@code [ids.length][vocabulary]}. */
  public record Prompt(
      int index, String text, int[] ids, int[] greedy, double greedyMinMargin, double nll) {
    public Npy logits() {
      return Npy.resource("golden/" + ROOT.get("items").get(index).get("logits_file").asText());
    }

    @Override
    public String toString() {
      return "prompt " + index + " '" + text + "'";
    }
  }

  private Golden() {}

  private static JsonNode read() {
    try (InputStream in = Golden.class.getResourceAsStream("/golden/golden.json")) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  public static List<Prompt> prompts() {
    List<Prompt> prompts = new ArrayList<>();
    for (JsonNode item : ROOT.get("items")) {
      prompts.add(
          new Prompt(
              prompts.size(),
              item.get("text").asText(),
              ints(item.get("ids")),
              ints(item.get("greedy")),
              item.get("greedy_min_margin").asDouble(),
              item.get("nll").asDouble()));
    }
    return prompts;
  }

  /** A bound of the tolerance: "max_abs", "mean_abs" or "tight_abs". */
  public static double tolerance(String bound) {
    return ROOT.get("tolerance").get(bound).asDouble();
  }

  public static int bos() {
    return ROOT.get("bos").asInt();
  }

  /** Expected mean negative log-likelihood of the held-out text. */
  public static double perplexityNll() {
    return ROOT.get("perplexity").get("24592").get("mean_nll").asDouble();
  }

  /** How many tokens of it are scored. */
  public static int perplexityTokens() {
    return ROOT.get("perplexity").get("24592").get("tokens").asInt();
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }
}
