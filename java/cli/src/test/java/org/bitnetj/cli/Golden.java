package org.bitnetj.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** What an independent implementation says about the shipped model, prompt by prompt. */
record Golden(String text, String ids, int tokens, String greedyText, Npy logits) {
  private static final JsonNode ROOT = root();

  private static JsonNode root() {
    try (InputStream in = Golden.class.getResourceAsStream("/golden/golden.json")) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static List<Golden> prompts() {
    List<Golden> prompts = new ArrayList<>();
    for (JsonNode item : ROOT.get("items")) {
      try (InputStream in =
          Golden.class.getResourceAsStream("/golden/" + item.get("logits_file").asText())) {
        prompts.add(
            new Golden(
                item.get("text").asText(),
                item.get("ids").toString(),
                item.get("ids").size(),
                item.get("greedy_text").asText(),
                Npy.parse(in.readAllBytes())));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
    return prompts;
  }

  /** A bound of the tolerance: "max_abs", "mean_abs" or "tight_abs". */
  static double tolerance(String bound) {
    return ROOT.get("tolerance").get(bound).asDouble();
  }
}
