package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.server.ModelServer;
import org.bitnetj.server.ServerOptions;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Outputs in JSON are as docs/schemas says, and have no fields beside. */
class JsonOutputTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path SCHEMAS =
      Path.of(System.getProperty("bitnet.models")).resolveSibling("docs").resolve("schemas");
  private static final String MODEL = Models.SHIPPED.toString();

  @TempDir private Path folder;

  private static Path file(String schema) {
    return SCHEMAS.resolve(schema + ".schema.json");
  }

  /** A schema for readers lets fields come that are new; a test does not. */
  private static void close(JsonNode schema) {
    if (schema instanceof ObjectNode object && object.has("properties")) {
      object.put("additionalProperties", false);
    }
    schema.forEach(JsonOutputTest::close);
  }

  private static JsonNode valid(String schema, String output) throws IOException {
    JsonNode json = JSON.readTree(output);
    assertEquals(schema, json.get("schema").textValue());
    JsonNode strict = JSON.readTree(Files.readString(file(schema)));
    close(strict);
    var problems =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
            .getSchema(strict)
            .validate(json);
    assertEquals(List.of(), List.copyOf(problems), output);
    noNumbersInStrings(json);
    return json;
  }

  private static void noNumbersInStrings(JsonNode json) {
    if (json.isTextual()) {
      assertFalse(json.textValue().matches("-?[0-9]+([.][0-9]+)?|true|false"), json::toString);
    }
    json.forEach(JsonOutputTest::noNumbersInStrings);
  }

  @Test
  void doctorJsonMatchesItsSchema() throws IOException {
    Outcome outcome = Outcome.of("doctor", "--format", "json");
    JsonNode json = valid("bitnet-doctor", outcome.out());
    assertEquals(outcome.code() == 0, json.get("ok").booleanValue());
    assertEquals(json.get("problems").isEmpty(), json.get("ok").booleanValue());
    String none = folder.resolve("none.gguf").toString();
    JsonNode missing =
        valid("bitnet-doctor", Outcome.of("doctor", "--format", "json", "-m", none).out());
    assertFalse(missing.get("model").get("works").booleanValue());
    assertFalse(missing.get("ok").booleanValue());
  }

  @Test
  void inspectJsonMatchesItsSchema() throws IOException {
    JsonNode json =
        valid("bitnet-inspect", Outcome.of("inspect", "--format", "json").succeeds().out());
    assertTrue(json.get("loads").booleanValue());
    try (LanguageModel model = LanguageModel.load(Models.SHIPPED)) {
      assertEquals(model.info().contextLength(), json.get("context_tokens").intValue());
    }
    long array = json.get("metadata").get("tokenizer.ggml.tokens").get("length").longValue();
    assertEquals(4096, array);
    Path other = folder.resolve("other.gguf");
    GgufHeader header = new GgufHeader().text("general.architecture", "other");
    try (GgufWriter writer = GgufWriter.create(other, header)) {
      writer.commit();
    }
    JsonNode unknown =
        valid(
            "bitnet-inspect",
            Outcome.of("inspect", "--format", "json", other.toString()).succeeds().out());
    assertFalse(unknown.get("loads").booleanValue());
    assertTrue(unknown.get("refusal").textValue().contains("\"other\""), unknown::toString);
    assertTrue(unknown.get("parameters").isNull());
  }

  @Test
  void benchJsonAndItsComparisonMatchTheirSchemas() throws IOException {
    Path result = folder.resolve("bench.json");
    String[] line = {
      "bench", "-m", MODEL, "-p", "4", "-n", "2", "-r", "1", "-t", "1", "--format", "json"
    };
    Outcome.of(Stream.concat(Stream.of(line), Stream.of("-o", "" + result)).toArray(String[]::new))
        .succeeds();
    valid("bitnet-bench-model", Files.readString(result));
    JsonNode other = JSON.readTree(Files.readString(result));
    ((ObjectNode) other).put("processors", 99).putNull("probe");
    Path changed = Files.writeString(folder.resolve("changed.json"), other.toString());
    JsonNode comparison =
        valid(
            "bitnet-bench-comparison",
            Outcome.of("bench", "--compare", "" + result, "" + changed, "--format", "json")
                .succeeds()
                .out());
    assertEquals(99, comparison.get("differences").get("processors").get("b").intValue());
  }

  @Test
  void benchKernelsJsonMatchesItsSchema() throws IOException {
    String[] line = {
      "bench", "kernels", "--operations", "quantize", "-r", "1", "-t", "1", "--format", "json"
    };
    String out = Outcome.of(line).succeeds().out();
    JsonNode json = valid("bitnet-bench-kernels", out);
    assertFalse(json.get("results").isEmpty());
    Path result = Files.writeString(folder.resolve("kernels.json"), out);
    valid(
        "bitnet-bench-comparison",
        Outcome.of("bench", "--compare", "" + result, "" + result, "--format", "json")
            .succeeds()
            .out());
  }

  @Test
  void benchServerJsonMatchesItsSchema() throws IOException {
    try (LanguageModel model = LanguageModel.load(Models.SHIPPED);
        ModelServer server =
            ModelServer.start(model, ServerOptions.defaults().withPort(0).withLog(said -> {}))) {
      String[] line = {
        "bench",
        "server",
        "--url",
        "http://127.0.0.1:" + server.port(),
        "--scenarios",
        "streams,clients,long,turn,arrivals",
        "--rates",
        "50",
        "--arrivals",
        "4",
        "-c",
        "1,2",
        "-r",
        "1",
        "-p",
        "8",
        "-n",
        "3",
        "--stream-tokens",
        "8",
        "--long-prompt",
        "100",
        "--first-turn",
        "20",
        "--vocabulary",
        "4095",
        "--seed",
        "-7",
        "--extra",
        "{\"logit_bias\":{\"4095\":-100}}",
        "--format",
        "json"
      };
      JsonNode json = valid("bitnet-bench-server", Outcome.of(line).succeeds().out());
      for (Map.Entry<String, Integer> rows :
          Map.of("streams", 2, "clients", 2, "long", 2, "turn", 2, "arrivals", 1).entrySet()) {
        assertEquals(rows.getValue(), json.get(rows.getKey()).get("results").size());
      }
    }
  }

  @Test
  void everySchemaIsInTheDocumentation() throws IOException {
    String page = Files.readString(SCHEMAS.resolveSibling("json.md"));
    try (Stream<Path> files = Files.list(SCHEMAS)) {
      TreeSet<String> names = new TreeSet<>();
      files.forEach(path -> names.add(path.getFileName().toString()));
      assertEquals(6, names.size(), names::toString);
      for (String name : names) {
        assertTrue(page.contains("(schemas/" + name + ")"), name);
      }
    }
  }
}
