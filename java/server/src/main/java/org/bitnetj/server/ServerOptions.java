package org.bitnetj.server;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How a model is served. Immutable; the constructor refuses wrong values with an {@link
 * IllegalArgumentException} whose message is a sentence.
 *
 * @param host the address to listen at; {@code 127.0.0.1} is reached from this machine alone
 * @param port the port; 0 for any free one
 * @param modelName what the model is called in answers; requests may name any model
 * @param parallel texts that are generated at a time, 1 to 256
 * @param queue requests that wait for their turn; where there is one more, the newest of those of
 *     the lowest priority is refused with status 429
 * @param drafting whether tokens are guessed and computed several in a step where that is faster;
 *     texts are the same
 * @param requestTime how long a request may take, its waiting included
 * @param transferTime how long a client may take to send a request's head, to send its body, and to
 *     take each piece of an answer; then its connection is closed
 * @param mostBodyBytes the largest body of a request
 * @param apiKeys of which a request must bring one; empty if everybody may ask
 * @param origins web pages that may use the server from a browser, such as {@code
 *     https://example.org}, or {@code *} for all; by default only the server's own page may
 * @param hosts names, beside {@code localhost}, {@code host} and addresses, by which the server may
 *     be asked, such as {@code example.org}, or {@code *} for all: requests by others are refused
 * @param certificate with which the server speaks HTTPS alone; without one it speaks HTTP
 * @param drainTime how long answers may go on after the server was told to stop
 * @param logFormat how it is told of each request
 * @param log receives what is told, a line for each request; no text of prompts or answers. A
 *     failure of the server has its trace in further lines, whose messages may quote a request
 */
public record ServerOptions(
    String host,
    int port,
    Optional<String> modelName,
    int parallel,
    int queue,
    boolean drafting,
    Duration requestTime,
    Duration transferTime,
    int mostBodyBytes,
    List<ApiKey> apiKeys,
    List<String> origins,
    List<String> hosts,
    Optional<ServerCertificate> certificate,
    Duration drainTime,
    LogFormat logFormat,
    Consumer<String> log) {

  /**
   * On this machine alone, at port 8080, 16 texts at a time, 64 requests waiting.
   *
   * @return the defaults
   */
  public static ServerOptions defaults() {
    return new ServerOptions(
        "127.0.0.1",
        8080,
        Optional.empty(),
        16,
        64,
        true,
        Duration.ofMinutes(10),
        Duration.ofMinutes(1),
        16 << 20,
        List.of(),
        List.of(),
        List.of(),
        Optional.empty(),
        Duration.ofSeconds(30),
        LogFormat.TEXT,
        line -> {});
  }

  /**
   * Copies the lists and checks the values.
   *
   * @throws IllegalArgumentException if one is out of its range; the message is a sentence
   */
  public ServerOptions {
    Objects.requireNonNull(host, "host is null");
    Objects.requireNonNull(modelName, "modelName is null");
    Objects.requireNonNull(requestTime, "requestTime is null");
    Objects.requireNonNull(transferTime, "transferTime is null");
    Objects.requireNonNull(apiKeys, "apiKeys is null");
    Objects.requireNonNull(origins, "origins is null");
    Objects.requireNonNull(hosts, "hosts is null");
    Objects.requireNonNull(certificate, "certificate is null");
    Objects.requireNonNull(drainTime, "drainTime is null");
    Objects.requireNonNull(logFormat, "logFormat is null");
    Objects.requireNonNull(log, "log is null");
    apiKeys = List.copyOf(apiKeys);
    origins = List.copyOf(origins);
    hosts = List.copyOf(hosts);
    check("port", port, 0, 65535);
    check("number of parallel texts", parallel, 1, 256);
    check("number of waiting requests", queue, 0, 100_000);
    check("largest body", mostBodyBytes, 1024, 1 << 30);
    checkPositive("a request", requestTime);
    checkPositive("a transfer", transferTime);
    if (apiKeys.stream().map(ApiKey::key).distinct().count() < apiKeys.size()) {
      throw new IllegalArgumentException("An API key is given twice.");
    }
  }

  private static void checkPositive(String what, Duration time) {
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("The time for " + what + " must be more than 0.");
    }
  }

  private static void check(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "The " + what + " must be from " + least + " to " + most + ", not " + value + ".");
    }
  }

  /**
   * {@return these options with another {@link #host}}
   *
   * @param value in its place
   */
  public ServerOptions withHost(String value) {
    return edit(d -> d.host = value);
  }

  /**
   * {@return these options with another {@link #port}}
   *
   * @param value in its place
   */
  public ServerOptions withPort(int value) {
    return edit(d -> d.port = value);
  }

  /**
   * {@return these options with another {@link #modelName}}
   *
   * @param value in its place
   */
  public ServerOptions withModelName(String value) {
    Objects.requireNonNull(value, "value is null");
    return edit(d -> d.modelName = Optional.of(value));
  }

  /**
   * {@return these options with another {@link #parallel}}
   *
   * @param value in its place
   */
  public ServerOptions withParallel(int value) {
    return edit(d -> d.parallel = value);
  }

  /**
   * {@return these options with another {@link #queue}}
   *
   * @param value in its place
   */
  public ServerOptions withQueue(int value) {
    return edit(d -> d.queue = value);
  }

  /**
   * {@return these options with another {@link #drafting}}
   *
   * @param value in its place
   */
  public ServerOptions withDrafting(boolean value) {
    return edit(d -> d.drafting = value);
  }

  /**
   * {@return these options with another {@link #requestTime}}
   *
   * @param value in its place
   */
  public ServerOptions withRequestTime(Duration value) {
    return edit(d -> d.requestTime = value);
  }

  /**
   * {@return these options with another {@link #transferTime}}
   *
   * @param value in its place
   */
  public ServerOptions withTransferTime(Duration value) {
    return edit(d -> d.transferTime = value);
  }

  /**
   * {@return these options with another {@link #mostBodyBytes}}
   *
   * @param value in its place
   */
  public ServerOptions withMostBodyBytes(int value) {
    return edit(d -> d.mostBodyBytes = value);
  }

  /**
   * {@return these options with another {@link #apiKeys}}
   *
   * @param value in its place
   */
  public ServerOptions withApiKeys(List<ApiKey> value) {
    return edit(d -> d.apiKeys = value);
  }

  /**
   * {@return these options with another {@link #origins}}
   *
   * @param value in its place
   */
  public ServerOptions withOrigins(List<String> value) {
    return edit(d -> d.origins = value);
  }

  /**
   * {@return these options with another {@link #hosts}}
   *
   * @param value in its place
   */
  public ServerOptions withHosts(List<String> value) {
    return edit(d -> d.hosts = value);
  }

  /**
   * {@return these options with another {@link #certificate}}
   *
   * @param value in its place
   */
  public ServerOptions withCertificate(ServerCertificate value) {
    Objects.requireNonNull(value, "value is null");
    return edit(d -> d.certificate = Optional.of(value));
  }

  /**
   * {@return these options with another {@link #drainTime}}
   *
   * @param value in its place
   */
  public ServerOptions withDrainTime(Duration value) {
    return edit(d -> d.drainTime = value);
  }

  /**
   * {@return these options with another {@link #logFormat}}
   *
   * @param value in its place
   */
  public ServerOptions withLogFormat(LogFormat value) {
    return edit(d -> d.logFormat = value);
  }

  /**
   * {@return these options with another {@link #log}}
   *
   * @param value in its place
   */
  public ServerOptions withLog(Consumer<String> value) {
    return edit(d -> d.log = value);
  }

  private ServerOptions edit(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return new ServerOptions(
        draft.host,
        draft.port,
        draft.modelName,
        draft.parallel,
        draft.queue,
        draft.drafting,
        draft.requestTime,
        draft.transferTime,
        draft.mostBodyBytes,
        draft.apiKeys,
        draft.origins,
        draft.hosts,
        draft.certificate,
        draft.drainTime,
        draft.logFormat,
        draft.log);
  }

  /** The components, while they are changed. */
  private static final class Draft {
    private String host;
    private int port;
    private Optional<String> modelName;
    private int parallel;
    private int queue;
    private boolean drafting;
    private Duration requestTime;
    private Duration transferTime;
    private int mostBodyBytes;
    private List<ApiKey> apiKeys;
    private List<String> origins;
    private List<String> hosts;
    private Optional<ServerCertificate> certificate;
    private Duration drainTime;
    private LogFormat logFormat;
    private Consumer<String> log;

    Draft(ServerOptions from) {
      host = from.host;
      port = from.port;
      modelName = from.modelName;
      parallel = from.parallel;
      queue = from.queue;
      drafting = from.drafting;
      requestTime = from.requestTime;
      transferTime = from.transferTime;
      mostBodyBytes = from.mostBodyBytes;
      apiKeys = from.apiKeys;
      origins = from.origins;
      hosts = from.hosts;
      certificate = from.certificate;
      drainTime = from.drainTime;
      logFormat = from.logFormat;
      log = from.log;
    }
  }
}
