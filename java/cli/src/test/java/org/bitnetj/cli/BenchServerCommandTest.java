package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.server.ModelServer;
import org.bitnetj.server.ServerOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code bitnet bench server} against this project's own server. */
class BenchServerCommandTest {
  private static final String NO_END = "{\"logit_bias\":{\"4095\":-100}}";

  private static LanguageModel model;
  private static ModelServer server;

  @BeforeAll
  static void serve() throws IOException {
    model = LanguageModel.load(Models.SHIPPED, LoadOptions.defaults().withKeptCacheBytes(64 << 20));
    server = ModelServer.start(model, ServerOptions.defaults().withPort(0));
  }

  @AfterAll
  static void stop() {
    server.close();
    model.close();
  }

  private static Outcome bench(String... options) {
    List<String> line = new ArrayList<>(List.of("bench", "server", "--url"));
    line.add("http://127.0.0.1:" + server.port());
    line.addAll(List.of("--vocabulary", "4095"));
    line.addAll(List.of(options));
    return Outcome.of(line.toArray(String[]::new));
  }

  /** The cells of a table's row that begins with these. */
  private static List<String> row(String text, String begin) {
    String line =
        text.lines()
            .filter(l -> l.replaceAll(" +", " ").startsWith("| " + begin + " |"))
            .findFirst()
            .orElseThrow(() -> new AssertionError("no row '" + begin + "' in " + text));
    return List.of(line.substring(2).split(" *\\| *"));
  }

  private static void isAbove0(String number) {
    assertTrue(Double.parseDouble(number) > 0, number);
  }

  @Test
  void eachScenarioIsATable() {
    String out =
        bench(
                "-c",
                "1,3",
                "-r",
                "2",
                "-p",
                "20",
                "-n",
                "5",
                "--stream-tokens",
                "40",
                "--long-prompt",
                "450",
                "--first-turn",
                "300",
                "--extra",
                NO_END)
            .succeeds()
            .out();
    assertEquals("tiny-bitnet-stories-i2_s", row(out, "model").get(1));
    assertTrue(row(out, "command").get(1).startsWith("bitnet bench server --url http"), out);
    isAbove0(row(out, "3").get(1)); // of streams, which come first
    List<String> clients = row(out, "3 | 6");
    isAbove0(clients.get(2));
    assertTrue(Double.parseDouble(clients.get(3)) >= Double.parseDouble(clients.get(2)), out);
    isAbove0(clients.get(4));
    isAbove0(row(out, "alone").get(2));
    List<String> beside = row(out, "while a prompt is computed");
    assertTrue(Integer.parseInt(beside.get(1)) >= 8, out);
    isAbove0(beside.get(3));
    assertEquals(List.of("300", "0"), row(out, "first").subList(1, 3));
    List<String> second = row(out, "second");
    assertEquals("325", second.get(1));
    // All of the first prompt, and of its answer as much as the ids in its place begin like it.
    assertTrue(Integer.parseInt(second.get(2)) >= 299, out);
  }

  @Test
  void theServersRefusalIsOneSentence() {
    Outcome outcome = bench("--scenarios", "turn", "--first-turn", "600", "--extra", NO_END);
    assertEquals(1, outcome.code());
    outcome.says("/v1/completions answers with status 400: ").says("context holds 512 together");
    outcome = bench("--extra", "{\"ignore_eos\":true}");
    assertEquals(1, outcome.code());
    outcome.says(" answers with status 400: ").says("ignore_eos");
    Outcome.of("bench", "server", "--url", "http://127.0.0.1:9")
        .fails("cannot connect to http://127.0.0.1:9/v1/completions.");
  }

  @Test
  void whatMakesNoSenseIsMisuse() {
    bench("-c", "0").isMisuse("Streams and clients must be from 1");
    bench("-n", "0").isMisuse("Tokens of an answer must be from 1");
    bench("--scenarios", "turn,turn").isMisuse("Name each scenario once");
    bench("--scenarios", "sprint").isMisuse("sprint");
    bench("--extra", "[1]").isMisuse("must be a JSON object");
    bench("--extra", "{\"stream\":false}").isMisuse("Requests have a 'stream' of their own");
    Outcome.of("bench", "server", "--url", "localhost:8080").isMisuse("is like http://127");
    Outcome.of("bench", "--threads", "1", "server")
        .isMisuse("give the options of 'bench server' after it.");
  }

  @Test
  void helpHasExamples() {
    String help = Outcome.of("bench", "server", "--help").succeeds().out();
    assertTrue(help.contains("Examples:\n  bitnet bench server"), help);
    help.lines().forEach(line -> assertTrue(line.length() <= 100, line));
  }
}
