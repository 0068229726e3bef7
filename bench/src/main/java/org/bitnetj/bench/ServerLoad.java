package org.bitnetj.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What a {@link ServerBenchmark} asks a server for. Lengths are in tokens.
 *
 * @param server its address, to which {@code /v1/completions} is added
 * @param scenarios in the order in which they run
 * @param concurrency how many streams or clients there are at a time
 * @param requests that each client sends, one after the other
 * @param promptTokens of each request of clients
 * @param answerTokens of each answer to clients and of each turn
 * @param streamTokens of each text of streams and of chats that nothing disturbs
 * @param longPromptTokens of the prompt that is computed beside chats
 * @param turnTokens of the prompt whose chat goes on
 * @param rates requests per second that come whether earlier ones have been answered or not
 * @param arrivals how many of them come at each rate
 * @param vocabulary all ids in prompts are below it
 * @param seed of the random prompts
 * @param extra a JSON object whose members each request has too
 */
public record ServerLoad(
    URI server,
    List<Scenario> scenarios,
    List<Integer> concurrency,
    int requests,
    int promptTokens,
    int answerTokens,
    int streamTokens,
    int longPromptTokens,
    int turnTokens,
    List<Double> rates,
    int arrivals,
    int vocabulary,
    long seed,
    String extra) {
  private static final int MOST = 1 << 20;

  /** What clients do. */
  public enum Scenario {
    STREAMS,
    CLIENTS,
    LONG,
    TURN,
    ARRIVALS
  }

  /**
   * @throws IllegalArgumentException if it makes no sense; the message is a sentence
   */
  public ServerLoad {
    boolean http = "http".equals(server.getScheme()) || "https".equals(server.getScheme());
    if (!http || server.getHost() == null || server.getQuery() != null) {
      throw new IllegalArgumentException(
          "A server's address is like http://127.0.0.1:8080, not '" + server + "'.");
    }
    scenarios = List.copyOf(scenarios);
    concurrency = List.copyOf(concurrency);
    rates = List.copyOf(rates);
    if (scenarios.isEmpty() || scenarios.stream().distinct().count() < scenarios.size()) {
      throw new IllegalArgumentException("Name each scenario once, and at least one.");
    }
    if (concurrency.isEmpty() || concurrency.stream().anyMatch(c -> c < 1 || c > 1024)) {
      throw new IllegalArgumentException("Streams and clients must be from 1 to 1024.");
    }
    if (rates.isEmpty() || rates.stream().anyMatch(r -> !(r >= 0.001 && r <= 1000))) {
      throw new IllegalArgumentException("Requests per second must be from 0.001 to 1000.");
    }
    check("Requests of a client", requests, 1);
    check("Tokens of a prompt", promptTokens, 1);
    check("Tokens of an answer", answerTokens, 1);
    check("Tokens of a stream", streamTokens, 2);
    check("Tokens of the long prompt", longPromptTokens, 1);
    check("Tokens of the first turn", turnTokens, 1);
    check("Requests that arrive", arrivals, 1);
    check("The vocabulary", vocabulary, 2);
    try {
      if (!(Json.parse(extra) instanceof Map<?, ?> members)) {
        throw new IllegalArgumentException("What requests have too must be a JSON object.");
      }
      for (Object name : members.keySet()) {
        if (CompletionClient.FIELDS.contains(name)) {
          throw new IllegalArgumentException("Requests have a '" + name + "' of their own.");
        }
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("What requests have too must be a JSON object.", e);
    }
  }

  /** When requests arrive at a rate. */
  double[] arrivalTimes(double rate) {
    return arrivalTimes(seed, arrivals, rate);
  }

  /**
   * Times of a Poisson process, in seconds. The seed decides; another rate makes the same times
   * shorter or longer.
   *
   * @param rate arrivals in a second, above 0
   */
  public static double[] arrivalTimes(long seed, int count, double rate) {
    Random gaps = new Random(seed);
    double[] times = new double[count];
    double at = 0;
    for (int i = 0; i < count; i++) {
      at -= Math.log(1 - gaps.nextDouble()) / rate;
      times[i] = at;
    }
    return times;
  }

  private static void check(String what, int value, int least) {
    if (value < least || value > MOST) {
      throw new IllegalArgumentException(
          what + " must be from " + least + " to " + MOST + ", not " + value + ".");
    }
  }
}
