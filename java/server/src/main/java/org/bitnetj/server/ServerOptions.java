package org.bitnetj.server;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * How a model is served. Immutable; the constructor refuses wrong values with an {@link
 * IllegalArgumentException} whose message is a sentence.
 *
 * @param host the address to listen at; {@code 127.0.0.1} is reached from this machine alone
 * @param port the port; 0 for any free one
 * @param modelName what the model is called in answers; requests may name any model
 * @param parallel texts that are generated at a time, 1 to 256
 * @param queue requests that wait for their turn; one more is refused with status 429
 * @param requestTime how long a request may take, its waiting included
 * @param mostBodyBytes the largest body of a request
 * @param apiKeys of which a request must bring one; empty if everybody may ask
 * @param origins web pages that may use the server from a browser, such as {@code
 *     https://example.org}, or {@code *} for all; by default only the server's own page may
 * @param drainTime how long answers may go on after the server was told to stop
 * @param log receives a line for each request; no text of prompts or answers
 */
public record ServerOptions(
    String host,
    int port,
    Optional<String> modelName,
    int parallel,
    int queue,
    Duration requestTime,
    int mostBodyBytes,
    Set<String> apiKeys,
    List<String> origins,
    Duration drainTime,
    Consumer<String> log) {

  /** On this machine alone, at port 8080, 16 texts at a time, 64 requests waiting. */
  public static ServerOptions defaults() {
    return new ServerOptions(
        "127.0.0.1",
        8080,
        Optional.empty(),
        16,
        64,
        Duration.ofMinutes(10),
        16 << 20,
        Set.of(),
        List.of(),
        Duration.ofSeconds(30),
        line -> {});
  }

  /** The same at another port. */
  public ServerOptions withPort(int port) {
    return new ServerOptions(
        host,
        port,
        modelName,
        parallel,
        queue,
        requestTime,
        mostBodyBytes,
        apiKeys,
        origins,
        drainTime,
        log);
  }

  public ServerOptions {
    apiKeys = Set.copyOf(apiKeys);
    origins = List.copyOf(origins);
    check("port", port, 0, 65535);
    check("number of parallel texts", parallel, 1, 256);
    check("number of waiting requests", queue, 0, 100_000);
    check("largest body", mostBodyBytes, 1024, 1 << 30);
    if (requestTime.isNegative() || requestTime.isZero()) {
      throw new IllegalArgumentException("The time for a request must be more than 0.");
    }
    if (apiKeys.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException("An API key must not be empty.");
    }
  }

  private static void check(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "The " + what + " must be from " + least + " to " + most + ", not " + value + ".");
    }
  }
}
