package org.bitnetj.bench.simulation;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.bitnetj.bench.ServerLoad;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * Computes what docs/scaling.md says is simulated, from what it says was measured, and holds both
 * against each other.
 */
class ScalingTest {
  private static final Path PAGE = Path.of("../docs/scaling.md");
  private static final int PARALLEL = 16;

  /** Of the measurement with requests at random times. */
  private static final long MEASURED_SEED = 41780225487514L;

  private static final int MEASURED_ARRIVALS = 60;
  private static final int PROMPT = 128;
  private static final int ANSWER = 24;

  // Chats of the fleet.
  private static final int TURNS = 6;
  private static final int MESSAGE = 64;
  private static final int CHAT_ANSWER = 48;
  private static final double THINKING = 20;
  private static final int CHATS_OF_A_HOST = 600;

  private final List<String> lines = Files.readAllLines(PAGE);
  private final StepCosts costs = costs();

  ScalingTest() throws IOException {}

  /** The rows of the table whose first head is that, without heads; the cells without spaces. */
  private List<List<String>> table(String head) {
    List<List<String>> rows = new ArrayList<>();
    int at = 0;
    while (at < lines.size() && !lines.get(at).startsWith("| " + head + " |")) {
      at++;
    }
    for (at += 2; at < lines.size() && lines.get(at).startsWith("|"); at++) {
      String line = lines.get(at);
      rows.add(
          Arrays.stream(line.substring(1, line.lastIndexOf('|')).split("\\|"))
              .map(String::strip)
              .toList());
    }
    assertTrue(!rows.isEmpty(), "no table of '" + head + "'");
    return rows;
  }

  private StepCosts costs() {
    TreeMap<Integer, Double> steps = new TreeMap<>();
    for (List<String> row : table("texts that decode")) {
      steps.put(Integer.valueOf(row.get(0)), Integer.parseInt(row.get(0)) / number(row.get(1)));
    }
    List<List<String>> prompts = table("a token of a prompt");
    return new StepCosts(
        steps, number(prompts.get(0).get(1)) / 1e3, number(prompts.get(1).get(1)) / 1e3);
  }

  private static double number(String cell) {
    return Double.parseDouble(cell.split(" ")[0].replace(",", ""));
  }

  private static String seconds(double value) {
    return String.format(Locale.ROOT, value < 9.95 ? "%.2f" : "%.1f", value);
  }

  private static double percentile(List<Text> texts, int percent, ToDoubleFunction<Text> time) {
    double[] sorted = texts.stream().mapToDouble(time).sorted().toArray();
    return sorted[Math.ceilDiv(percent * sorted.length, 100) - 1];
  }

  private static double tokensPerSecond(List<Text> texts) {
    double first = texts.stream().mapToDouble(text -> text.sent).min().orElseThrow();
    double last = texts.stream().mapToDouble(text -> text.last).max().orElseThrow();
    return texts.stream().mapToInt(text -> text.tokens).sum() / (last - first);
  }

  private static List<Text> serve(Host host, double[] times, int prompt, int answer, int turns) {
    List<Text> texts =
        IntStream.range(0, times.length)
            .mapToObj(i -> new Text(i, 0, times[i], prompt, answer))
            .toList();
    return Host.serve(
        List.of(host),
        texts,
        text -> 0,
        (text, at) -> text.promptTokens,
        text ->
            text.turn + 1 == turns
                ? null
                : new Text(text.client, text.turn + 1, text.last, prompt, answer));
  }

  /** All rows that differ are told, so that a page with other measurements is soon put right. */
  private static void forEach(List<List<String>> rows, Consumer<List<String>> check) {
    assertAll(rows.stream().map(row -> (Executable) () -> check.accept(row)));
  }

  /** What a row of the table of measured and simulated figures is about. */
  private static List<Text> simulated(StepCosts costs, String load) {
    Host host = new Host(costs, PARALLEL);
    String[] words = load.split(" ");
    return load.contains("client")
        ? serve(host, new double[Integer.parseInt(words[0])], PROMPT, ANSWER, 4)
        : serve(
            host,
            ServerLoad.arrivalTimes(MEASURED_SEED, MEASURED_ARRIVALS, Double.parseDouble(words[0])),
            PROMPT,
            ANSWER,
            1);
  }

  /** A row's: first token p50 and p99, tokens per second. */
  private static List<String> figures(List<Text> texts) {
    return List.of(
        seconds(percentile(texts, 50, Text::untilFirst)),
        seconds(percentile(texts, 99, Text::untilFirst)),
        String.format(Locale.ROOT, "%.1f", tokensPerSecond(texts)));
  }

  @Test
  void theSimulationGivesWhatThePageSaysAndWhatWasMeasured() {
    forEach(
        table("load"),
        row -> {
          List<String> figures = figures(simulated(costs, row.get(0)));
          for (int i = 0; i < 3; i++) {
            String[] both = row.get(1 + i).split(" / ");
            assertEquals(figures.get(i), both[1], row + ": " + figures);
            double ratio = number(both[1]) / number(both[0]);
            double most = i == 1 ? 1.6 : 1.35; // p99 of few values is a matter of luck
            assertTrue(ratio > 1 / most && ratio < most, row.get(0) + ": " + row.get(1 + i));
          }
        });
  }

  /** How far simulated and measured figures are apart, in all: the logarithms of their ratios. */
  private double misfit(StepCosts tried) {
    double sum = 0;
    for (List<String> row : table("load")) {
      List<String> figures = figures(simulated(tried, row.get(0)));
      for (int i = 0; i < figures.size(); i++) {
        double measured = number(row.get(1 + i).split(" / ")[0]);
        sum += Math.abs(Math.log(number(figures.get(i)) / measured));
      }
    }
    return sum;
  }

  @Test
  void theFittedFigureFitsBest() {
    double step = 1e-4; // the page has tenths of milliseconds
    double fitted = costs.promptRowBeside();
    for (double other : new double[] {fitted - step, fitted + step}) {
      StepCosts tried = new StepCosts(costs.tokenSteps(), costs.promptRow(), other);
      assertTrue(misfit(costs) <= misfit(tried), other + " s fit better");
    }
  }

  @Test
  void thePageSaysWhatOneHostTakes() {
    forEach(
        table("requests per second"),
        row -> {
          Host host = new Host(costs, PARALLEL);
          List<Text> texts =
              serve(
                  host,
                  ServerLoad.arrivalTimes(1, 2000, Double.parseDouble(row.get(0))),
                  PROMPT,
                  ANSWER,
                  1);
          assertEquals(
              row.subList(1, 5),
              List.of(
                  String.format(Locale.ROOT, "%.1f", host.meanTexts()),
                  seconds(percentile(texts, 50, Text::untilFirst)),
                  seconds(percentile(texts, 99, Text::untilFirst)),
                  seconds(percentile(texts, 99, Text::untilLast))));
        });
  }

  @Test
  void thePageSaysWhatAFleetGives() {
    forEach(
        table("hosts"),
        row -> {
          int hosts = Integer.parseInt(row.get(0));
          assertEquals(
              row.subList(1, 5),
              List.of(
                  String.join(" / ", fleet(hosts, true, 0.15)),
                  String.join(" / ", fleet(hosts, false, 0.15)),
                  String.join(" / ", fleet(hosts, true, 0.25)),
                  String.join(" / ", fleet(hosts, false, 0.25))));
        });
  }

  /** Chats that begin at a rate for each host; the first token's p50 and p99 of turns. */
  private List<String> fleet(int count, boolean affinity, double rate) {
    List<Host> hosts = IntStream.range(0, count).mapToObj(i -> new Host(costs, PARALLEL)).toList();
    int chats = CHATS_OF_A_HOST * count;
    double[] times = ServerLoad.arrivalTimes(2, chats, rate * count);
    Random random = new Random(3);
    int[] own = IntStream.range(0, chats).map(i -> random.nextInt(count)).toArray();
    Map<Long, Integer> held = new HashMap<>(); // tokens, by chat and host
    int[] turn = {0};
    List<Text> texts =
        Host.serve(
            hosts,
            IntStream.range(0, chats)
                .mapToObj(i -> new Text(i, 0, times[i], MESSAGE, CHAT_ANSWER))
                .toList(),
            text -> affinity ? own[text.client] : turn[0]++ % count,
            (text, host) -> {
              Integer there =
                  held.put((long) text.client * count + host, text.promptTokens + CHAT_ANSWER);
              return text.promptTokens - (there == null ? 0 : there);
            },
            text ->
                text.turn + 1 == TURNS
                    ? null
                    : new Text(
                        text.client,
                        text.turn + 1,
                        text.last - THINKING * Math.log(1 - random.nextDouble()),
                        text.promptTokens + CHAT_ANSWER + MESSAGE,
                        CHAT_ANSWER));
    return List.of(
        seconds(percentile(texts, 50, Text::untilFirst)),
        seconds(percentile(texts, 99, Text::untilFirst)));
  }

  @Test
  void thePageSaysWhatAMillionTokensCost() {
    List<List<String>> answers = table("answers");
    for (int i = 0; i < 3; i++) {
      assertEquals(table("texts that decode").get(i).get(1), answers.get(i).get(1));
    }
    assertEquals(table("load").get(2).get(3).split(" / ")[0], answers.get(3).get(1));
    forEach(
        answers,
        row -> {
          double perSecond = number(row.get(1));
          double hours = 1e6 / perSecond / 3600;
          assertEquals(String.format(Locale.ROOT, "%.2f", hours), row.get(2));
        });
  }

  /** The mean wait of M/D/1: utilization times service time over 2 (1 - utilization). */
  @Test
  void aQueueOfEqualTextsWaitsAsTheFormulaSays() {
    StepCosts equal = new StepCosts(new TreeMap<>(Map.of(1, 0.01, 2, 0.01)), 0.01, 0.01);
    double service = 1; // of 100 rows
    for (double utilization : new double[] {0.3, 0.6, 0.8}) {
      List<Text> texts =
          serve(
              new Host(equal, 1),
              ServerLoad.arrivalTimes(5, 200_000, utilization / service),
              100,
              1,
              1);
      double wait = texts.stream().mapToDouble(Text::untilLast).average().orElseThrow() - service;
      double formula = utilization * service / (2 * (1 - utilization));
      assertEquals(formula, wait, 0.03 * formula);
    }
  }
}
