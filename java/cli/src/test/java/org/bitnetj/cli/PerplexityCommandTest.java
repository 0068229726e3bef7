package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PerplexityCommandTest {
  private static final String TEXT =
      "Once upon a time there was a little dog. He liked to run in the park and play with a ball."
          + " One day he saw a big cat who was sad. \"Why are you sad?\" asked the dog.";

  @TempDir private Path folder;

  private record Measured(double perplexity, double mean, double error, int tokens) {
    static Measured of(String... args) {
      Outcome outcome = Outcome.of(args);
      outcome.succeeds();
      Matcher line =
          Pattern.compile(
                  "perplexity ([\\d.]+) \\+/- [\\d.]+ \\(([\\d.]+) \\+/- ([\\d.]+) nats a token,"
                      + " (\\d+) tokens\\)\\R")
              .matcher(outcome.out());
      assertTrue(line.matches(), outcome.out());
      return new Measured(
          Double.parseDouble(line.group(1)),
          Double.parseDouble(line.group(2)),
          Double.parseDouble(line.group(3)),
          Integer.parseInt(line.group(4)));
    }
  }

  /** The ids of the text, the token that begins texts first. */
  private static int[] ids() {
    Outcome outcome = Outcome.of("tokenize", "-p", TEXT);
    outcome.succeeds();
    return Arrays.stream(outcome.out().trim().split("[,\\s]+"))
        .mapToInt(Integer::parseInt)
        .toArray();
  }

  /** Nats of {@code ids[first]} and all after it, from the logits command. */
  private List<Double> nats(int[] ids, int first) throws IOException {
    Path file = folder.resolve("logits.npy");
    Files.deleteIfExists(file);
    String given = String.join(",", Arrays.stream(ids).mapToObj(String::valueOf).toList());
    Outcome.of("logits", "--ids", given, "--all", "--cache", "f16", "-o", file.toString())
        .succeeds();
    Npy logits = Npy.parse(Files.readAllBytes(file));
    int vocabulary = logits.shape().get(1);
    List<Double> nats = new ArrayList<>();
    for (int i = first; i < ids.length; i++) {
      double sum = 0;
      for (int v = 0; v < vocabulary; v++) {
        sum += Math.exp(logits.get((i - 1) * vocabulary + v));
      }
      nats.add(Math.log(sum) - logits.get((i - 1) * vocabulary + ids[i]));
    }
    return nats;
  }

  private static void agree(List<Double> expected, Measured actual) {
    double mean = expected.stream().mapToDouble(n -> n).average().orElseThrow();
    double squares = expected.stream().mapToDouble(n -> (n - mean) * (n - mean)).sum();
    int count = expected.size();
    assertEquals(count, actual.tokens);
    assertEquals(mean, actual.mean, 2e-5);
    assertEquals(Math.exp(mean), actual.perplexity, 2e-4 * Math.exp(mean));
    assertEquals(Math.sqrt(squares / (count - 1) / count), actual.error, 2e-5);
  }

  @Test
  void aShortTextIsOneWindow() throws IOException {
    agree(nats(ids(), 1), Measured.of("perplexity", "-p", TEXT));
  }

  @Test
  void oneTokenHasNoError() {
    String line = Outcome.of("perplexity", "-p", "Once").succeeds().out();
    assertTrue(
        line.matches(
            "perplexity [\\d.]+ \\([\\d.]+ nats a token, 1 token, of which no error .*\\)\\R"),
        line);
  }

  @Test
  void windowsOverlapByWhatTheStrideLeaves() throws IOException {
    int[] ids = ids();
    int chunk = 16;
    for (int stride : new int[] {5, chunk - 1}) {
      List<Double> expected = new ArrayList<>();
      int scored = 1; // ids[0] begins every window
      for (int from = 1; scored < ids.length; from += stride) {
        int to = Math.min(from + chunk - 1, ids.length);
        int[] window = new int[1 + to - from];
        window[0] = ids[0];
        System.arraycopy(ids, from, window, 1, to - from);
        expected.addAll(nats(window, 1 + scored - from));
        scored = to;
      }
      assertEquals(ids.length - 1, expected.size(), "each once");
      List<String> command = new ArrayList<>(List.of("perplexity", "-p", TEXT, "--chunk", "16"));
      if (stride != chunk - 1) {
        command.addAll(List.of("--stride", "" + stride));
      }
      agree(expected, Measured.of(command.toArray(String[]::new)));
    }
  }

  @Test
  void whatCannotBeMeasuredIsRefused() {
    Outcome.of("perplexity", "-p", "")
        .fails("the text is too short: a token is scored by what comes before it.");
    for (String chunk : new String[] {"1", "513"}) {
      Outcome.of("perplexity", "-p", TEXT, "--chunk", chunk).isMisuse("--chunk must be 2 to 512");
    }
    Outcome.of("perplexity", "-p", TEXT, "--chunk", "8", "--stride", "8")
        .isMisuse("--stride must be 1 to 7");
    Outcome.of("perplexity", "-p", TEXT, "--stride", "0").isMisuse("--stride must be 1 to 511");
  }
}
