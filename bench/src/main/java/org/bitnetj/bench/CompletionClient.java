package org.bitnetj.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.bitnetj.source.Printable;
import org.jspecify.annotations.Nullable;

/**
 * Asks a server for texts by OpenAI's {@code POST /v1/completions}, greedy and as streams of
 * server-sent events, and notes when each token comes. Thread-safe.
 */
final class CompletionClient implements AutoCloseable {
  /** Members of each request. */
  static final Set<String> FIELDS = Set.of("prompt", "max_tokens", "stream", "stream_options");

  private static final int MOST_QUOTED = 300;

  private final URI endpoint;
  private final String extra;
  private final LongSupplier clock;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  private volatile String model = "";
  private volatile String software = "";

  /**
   * @param extra a JSON object whose members each request has too
   * @param clock in nanoseconds; read when a request is sent and when a line of data has come
   */
  CompletionClient(URI server, String extra, LongSupplier clock) {
    this.endpoint = URI.create(server.toString().replaceFirst("/+$", "") + "/v1/completions");
    this.extra = withTemperature(extra);
    this.clock = clock;
  }

  /** The members of an object, and a temperature of 0 if it names none. */
  private static String withTemperature(String extra) {
    try {
      String members = extra.strip().replaceFirst("^\\{\\s*", "").replaceFirst("\\s*}$", "");
      Map<?, ?> object = (Map<?, ?>) Objects.requireNonNull(Json.parse(extra));
      return object.containsKey("temperature")
          ? members
          : "\"temperature\":0" + (members.isEmpty() ? "" : "," + members);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** The model's name in the last answer; empty if it had none. */
  String model() {
    return model;
  }

  /** What the server calls itself in the header {@code Server}; empty if it does not. */
  String software() {
    return software;
  }

  /**
   * Asks for a text and reads it to its end.
   *
   * @param prompt token ids
   * @param tokens of the answer
   * @throws UnusableServerException if the answer is no stream of as many tokens
   */
  ServedText complete(int[] prompt, int tokens) throws InterruptedException {
    return complete(prompt, tokens, arrival -> true);
  }

  /**
   * The same, but closes the connection once it has read enough.
   *
   * @param wantsMore is told when each token came, one after the other
   */
  ServedText complete(int[] prompt, int tokens, LongPredicate wantsMore)
      throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(endpoint)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body(prompt, tokens)))
            .build();
    Answer answer = new Answer(clock.getAsLong(), tokens);
    try {
      HttpResponse<InputStream> response;
      try {
        response = send(request);
      } catch (HttpTimeoutException | ConnectException e) {
        throw e;
      } catch (IOException e) {
        // Some servers close a connection when they have answered: the next request finds out.
        answer = new Answer(clock.getAsLong(), tokens);
        response = send(request);
      }
      software = response.headers().firstValue("Server").orElse("");
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
        if (response.statusCode() != 200) {
          String text = lines.lines().collect(Collectors.joining(" ")).strip();
          throw unusable(
              "answers with status " + response.statusCode() + (text.isEmpty() ? "" : ": " + text));
        }
        return answer.read(lines, wantsMore);
      }
    } catch (ConnectException | HttpConnectTimeoutException e) {
      throw new UnusableServerException("cannot connect to " + endpoint + ".");
    } catch (IOException e) {
      if (Thread.interrupted()) { // reading was
        throw new InterruptedException();
      }
      throw unusable(
          "broke off after " + answer.events + " of " + tokens + " tokens: " + e.getMessage());
    }
  }

  private HttpResponse<InputStream> send(HttpRequest request)
      throws IOException, InterruptedException {
    return http.send(request, HttpResponse.BodyHandlers.ofInputStream());
  }

  private String body(int[] prompt, int tokens) {
    return "{\"prompt\":"
        + Arrays.toString(prompt)
        + ",\"max_tokens\":"
        + tokens
        + ",\"stream\":true,\"stream_options\":{\"include_usage\":true}"
        + ","
        + extra
        + "}";
  }

  private UnusableServerException unusable(String what) {
    String sentence = Printable.of(endpoint + " " + what, MOST_QUOTED);
    return new UnusableServerException(sentence.endsWith(".") ? sentence : sentence + ".");
  }

  /** One answer as it is read. */
  private final class Answer {
    private final long sent;
    private final int wanted;
    private final LongStream.Builder arrivals = LongStream.builder();
    private int events;
    private int counted = ServedText.UNKNOWN;
    private int cached = ServedText.UNKNOWN;
    private int drafted;
    private @Nullable Object finish;

    Answer(long sent, int wanted) {
      this.sent = sent;
      this.wanted = wanted;
    }

    ServedText read(BufferedReader lines, LongPredicate wantsMore) throws IOException {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("data:")) {
          long now = clock.getAsLong();
          String data = line.substring("data:".length()).strip();
          if (data.equals("[DONE]")) {
            break;
          }
          if (take(data)) {
            events++;
            arrivals.add(now);
            if (!wantsMore.test(now)) {
              return text();
            }
          }
        }
      }
      check();
      return text();
    }

    /** Reads an event; whether a token came with it, perhaps one without text. */
    private boolean take(String data) {
      Object event;
      try {
        event = Json.parse(data);
      } catch (JsonProcessingException e) {
        throw unusable("sends an event that is not JSON: " + data);
      }
      if (Json.at(event, "error") instanceof Object error) {
        Object message = Json.at(error, "message");
        throw unusable("tells of an error: " + (message == null ? error : message));
      }
      if (Json.at(event, "model") instanceof String name) {
        model = name;
      }
      counted = number(Json.at(event, "usage", "completion_tokens"), counted);
      cached = number(Json.at(event, "timings", "cache_n"), cached);
      drafted = number(Json.at(event, "timings", "draft_n_accepted"), drafted);
      cached = number(Json.at(event, "usage", "prompt_tokens_details", "cached_tokens"), cached);
      if (Json.at(event, "choices") instanceof List<?> choices
          && !choices.isEmpty()
          && choices.getFirst() instanceof Map<?, ?> choice) {
        Object end = choice.get("finish_reason");
        finish = end == null ? finish : end;
        return end == null || choice.get("text") instanceof String text && !text.isEmpty();
      }
      return false;
    }

    private static int number(@Nullable Object value, int otherwise) {
      return value instanceof Number number ? number.intValue() : otherwise;
    }

    private void check() {
      if (finish == null) {
        throw unusable("broke off after " + events + " of " + wanted + " tokens");
      }
      boolean stopped = finish.equals("stop");
      if (counted == ServedText.UNKNOWN ? stopped : counted != wanted) {
        throw unusable(
            "ended a text after "
                + (counted == ServedText.UNKNOWN ? events : counted)
                + " of "
                + wanted
                + " tokens"
                + (stopped
                    ? ", perhaps by an end token, which --extra may forbid"
                    : ", perhaps since its context holds no more"));
      }
      if (events == 0) {
        throw unusable("sent no text with " + wanted + " tokens");
      }
    }

    private ServedText text() {
      return new ServedText(sent, arrivals.build().toArray(), counted, cached, drafted);
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
