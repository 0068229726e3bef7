package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class InspectCommandTest {
  @Test
  void metadataTensorsAndTotalsAreShown() throws IOException {
    String shown = Outcome.of("inspect").succeeds().out();
    assertTrue(shown.contains(": GGUF version 3, " + Files.size(Models.SHIPPED) + " bytes"), shown);
    assertTrue(shown.contains("  general.name = \"tiny-bitnet-stories\"  [string]"), shown);
    assertTrue(shown.contains("  token_embd.weight "), shown);
    assertTrue(shown.contains("Totals\n"), shown);
    String model = Models.SHIPPED.toString();
    assertTrue(Outcome.of("inspect", model).succeeds().out().contains("token_embd.weight"));
    assertTrue(Outcome.of("inspect", "-m", model).succeeds().out().contains("token_embd.weight"));
  }

  @Test
  void jsonSaysTheSame() throws IOException {
    JsonNode json = new ObjectMapper().readTree(Outcome.of("inspect", "--json").succeeds().out());
    assertEquals(Files.size(Models.SHIPPED), json.get("bytes").asLong());
    assertEquals("tiny-bitnet-stories", json.get("metadata").get("general.name").asText());
    JsonNode tensors = json.get("tensors");
    JsonNode last = tensors.get(tensors.size() - 1);
    assertTrue(
        last.get("offset").asLong() + last.get("bytes").asLong() <= Files.size(Models.SHIPPED));
  }

  @Test
  void namingTwoModelsIsMisuse() {
    Outcome.of("inspect", "-m", "a.gguf", "b.gguf").isMisuse("Name the model once");
  }
}
