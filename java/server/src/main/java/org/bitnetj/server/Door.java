package org.bitnetj.server;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.common.buffers.DataReader;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.http.media.ReadableEntity;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.bitnetj.chat.reply.StrictJson;
import org.bitnetj.error.ChatTemplateException;
import org.bitnetj.error.GrammarException;

/**
 * What every request passes: its key is checked, its body read within limits, and whatever goes
 * wrong becomes an error in the form of the path's API. Nothing in a request names a file.
 */
final class Door {
  /** Reads a request: what it returns needs the body no more. */
  @FunctionalInterface
  interface Task {
    /**
     * @throws ApiException if the request cannot be answered
     */
    Answer read(JsonNode body, Exchange exchange);
  }

  /** Answers a request that has been read. */
  @FunctionalInterface
  interface Answer {
    /**
     * @throws ApiException if the request cannot be answered
     * @throws EventStream.Gone if the client has gone
     */
    void send(EventStream events, ServerResponse response);
  }

  /** The largest body that is read although its request is refused. */
  private static final int MOST_UNREAD = 1 << 16;

  private static final ObjectMapper JSON = StrictJson.mapper();

  private static final HeaderName REQUEST_ID = HeaderNames.create("x-request-id");
  private static final HeaderName ANTHROPIC_REQUEST_ID = HeaderNames.create("request-id");
  private static final HeaderName RETRY_AFTER = HeaderNames.create("Retry-After");

  /** Bodies of the largest size that are in memory at a time; of smaller ones there are more. */
  private static final int MOST_RECEIVED = 16;

  /** Those that are parsed and tokenized, which may take many times the memory of their bytes. */
  private static final int MOST_PARSED = 2;

  private final Access access;
  private final HostNames hosts;
  private final int mostBytes;
  private final ReadingRoom receiving;
  private final ReadingRoom parsing;
  private final Exchanges exchanges;
  private final Metrics metrics;
  private final RequestLog log;

  Door(ServerOptions options, Exchanges exchanges, Metrics metrics, RequestLog log) {
    this.access = new Access(options.apiKeys(), options.origins());
    this.hosts = new HostNames(options.host(), options.hosts());
    this.mostBytes = options.mostBodyBytes();
    this.receiving = new ReadingRoom((long) MOST_RECEIVED * mostBytes, options.queue());
    this.parsing = new ReadingRoom((long) MOST_PARSED * mostBytes, options.queue());
    this.exchanges = exchanges;
    this.metrics = metrics;
    this.log = log;
  }

  /** A handler of requests with a body of JSON. */
  Handler post(Task task) {
    return handler(
        (request, exchange) -> {
          access.requireKey(request, exchange);
          long size = Math.min(request.headers().contentLength().orElse(mostBytes), mostBytes + 1L);
          return receiving.use(
              exchange,
              size,
              () -> {
                byte[] body = receive(request);
                watch(exchange); // what was read ahead has been the body's
                return parsing.use(exchange, body.length, () -> task.read(json(body), exchange));
              });
        });
  }

  /** A handler of requests without a body. */
  Handler get(Function<ServerRequest, Answer> task) {
    return handler(
        (request, exchange) -> {
          access.requireKey(request, exchange);
          return task.apply(request);
        });
  }

  /** The same for everybody, with a key or not. */
  Handler open(Function<ServerRequest, Answer> task) {
    return handler((request, exchange) -> task.apply(request));
  }

  /** An answer that is a JSON object. */
  static Answer whole(JsonNode body) {
    return (events, response) -> send(response, body);
  }

  private interface Reading {
    Answer read(ServerRequest request, Exchange exchange);
  }

  private Handler handler(Reading reading) {
    return (request, response) ->
        exchanges.run(exchange -> guard(request, response, exchange, reading));
  }

  private void guard(
      ServerRequest request, ServerResponse response, Exchange exchange, Reading reading) {
    Dialect dialect = Dialect.of(request);
    int status = 200;
    RuntimeException gone = null;
    access.allowOrigin(request, response);
    response.header(REQUEST_ID, exchange.id());
    if (dialect == Dialect.ANTHROPIC) {
      response.header(ANTHROPIC_REQUEST_ID, exchange.id());
    }
    EventStream events = new EventStream(response, dialect);
    try (events) {
      try {
        access.requireOrigin(request);
        watch(exchange);
        Answer answer = reading.read(request, exchange);
        endIfUnread(request, response);
        answer.send(events, response);
      } catch (EventStream.Gone | ServerConnectionException e) {
        status = 499; // nginx' number for a client that has gone
        gone = e;
      } catch (ApiException e) {
        status = e.kind().status;
        fail(dialect, e, request, events, response);
      } catch (ChatTemplateException | GrammarException e) { // these are always of the request
        status = 400;
        String sentence = String.valueOf(e.getMessage());
        ApiException invalid = new ApiException(ApiException.Kind.INVALID, sentence);
        fail(dialect, invalid, request, events, response);
      } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
        status = 500;
        log.failed(exchange, request.path().rawPath(), e);
        ApiException broken =
            new ApiException(ApiException.Kind.BROKEN, "The server failed; its log says more.");
        fail(dialect, broken, request, events, response);
      }
    } finally {
      Connection.current().unwatch();
    }
    exchange.report(request.path().rawPath(), status);
    if (status == 200) {
      exchange.work().count(metrics, exchange.age());
    }
    log.answered(exchange, request.prologue().method().text(), request.path().rawPath(), status);
    if (gone != null) {
      throw new ServerConnectionException("The client has gone.", gone); // nothing is to be sent
    }
  }

  /** Ends the exchange when its client goes away. */
  private static void watch(Exchange exchange) {
    Connection.current().watch(() -> exchange.end(Exchange.End.GONE));
  }

  private void fail(
      Dialect dialect,
      ApiException e,
      ServerRequest request,
      EventStream events,
      ServerResponse response) {
    if (e.kind().status >= 500) {
      metrics.countFailed();
    } else {
      metrics.countRefused();
    }
    try {
      if (events.isOpen()) {
        events.fail(e);
        return;
      }
      response.status(e.kind().status);
      endIfUnread(request, response);
      e.retryAfter()
          .ifPresent(time -> response.header(RETRY_AFTER, Long.toString(time.toSeconds())));
      send(response, dialect.error(e));
    } catch (EventStream.Gone | UncheckedIOException | IllegalStateException gone) {
      return; // nobody is there to be told
    }
  }

  /**
   * Ends the connection after the answer if more than a little of the request's body is unread: the
   * library would read it first, whoever sends it and whatever else is being received.
   */
  private static void endIfUnread(ServerRequest request, ServerResponse response) {
    ReadableEntity body = request.content();
    boolean unread =
        body.hasEntity()
            && !body.consumed()
            && request.headers().contentLength().orElse(Long.MAX_VALUE) > MOST_UNREAD;
    if (unread) {
      Connection.current().end();
    }
    if (Connection.current().isEnded()) {
      response.header(HeaderValues.CONNECTION_CLOSE);
    }
  }

  /** Sends JSON with the status that is set. */
  static void send(ServerResponse response, JsonNode body) {
    response.header(HeaderNames.CONTENT_TYPE, "application/json");
    try {
      response.send(body.toString().getBytes(StandardCharsets.UTF_8));
    } catch (UncheckedIOException | ServerConnectionException e) {
      throw new EventStream.Gone(e);
    }
  }

  /** Answers what browsers ask before they send a page's request to another server. */
  void preflight(ServerRequest request, ServerResponse response) {
    access.preflight(request, response);
  }

  /** Passes every request first, whatever its path and method. */
  void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    Connection connection = Connection.current();
    connection.received(); // the head
    if (request.prologue().method().equals(Method.HEAD)) {
      sendHead(request, response);
    } else {
      answer(chain, request, response);
    }
    if (request.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
      connection.end(); // the library says so and does not do it
    }
  }

  /** An answer to HEAD has no body, not even if it is an error. Only the health is asked so. */
  private void sendHead(RoutingRequest request, RoutingResponse response) {
    boolean known = request.path().rawPath().equals("/health");
    response.header(HeaderNames.ALLOW, known ? "GET, HEAD" : Access.METHODS);
    response.status(!hosts.allows(request) ? 403 : known ? 200 : 405).send();
  }

  private void answer(FilterChain chain, RoutingRequest request, RoutingResponse response) {
    if (!hosts.allows(request)) {
      exchanges.run(exchange -> guard(request, response, exchange, (r, e) -> hosts.refuse(r)));
      return;
    }
    chain.proceed();
  }

  /**
   * JSON that is in a string of a request.
   *
   * @throws ApiException if it is none
   */
  static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new ApiException(
          ApiException.Kind.INVALID,
          "A string of the request should be JSON and is not: " + reason(e));
    }
  }

  /** What is wrong with JSON, and where; the parser also names places of its own source. */
  private static String reason(JsonProcessingException e) {
    String message =
        e.getOriginalMessage().replaceAll("(?s) *\\((start marker|for Object).*|\n.*", "");
    JsonLocation at = e.getLocation();
    return at == null
        ? message + "."
        : "%s (line %d, column %d).".formatted(message, at.getLineNr(), at.getColumnNr());
  }

  private byte[] receive(ServerRequest request) {
    byte[] bytes;
    Connection.current().receiving();
    try (InputStream in = request.content().inputStream()) {
      bytes = read(in);
    } catch (IOException | UncheckedIOException | ServerConnectionException e) {
      throw new EventStream.Gone(e);
    }
    Connection.current().received();
    if (bytes.length > mostBytes) {
      throw tooLarge();
    }
    return bytes;
  }

  /** Up to a byte more than are allowed. */
  private byte[] read(InputStream in) throws IOException {
    try {
      byte[] bytes = in.readNBytes(mostBytes + 1);
      if (bytes.length > mostBytes) {
        // Clients may miss an answer that comes while they still send. The library ends this.
        in.transferTo(OutputStream.nullOutputStream());
      }
      return bytes;
    } catch (UncheckedIOException | ServerConnectionException e) {
      throw e;
    } catch (DataReader.InsufficientDataAvailableException e) {
      throw new EventStream.Gone(e);
    } catch (RuntimeException e) { // nobody knows where the body ends
      Connection.current().end();
      throw switch (e) {
        case RequestException refusal
            when refusal.status().equals(Status.REQUEST_ENTITY_TOO_LARGE_413) ->
            tooLarge();
        // The library's parser throws these: the last one for a length that is no number.
        case RequestException _, DataReader.IncorrectNewLineException _, NumberFormatException _ ->
            new ApiException(
                ApiException.Kind.INVALID, "The request's body is not sent as HTTP/1.1 demands.");
        default -> e; // a defect
      };
    }
  }

  private ApiException tooLarge() {
    return new ApiException(
        ApiException.Kind.TOO_LARGE,
        "The request is larger than the " + mostBytes + " bytes that are allowed.");
  }

  private static JsonNode json(byte[] bytes) {
    try {
      JsonNode body = JSON.readTree(bytes);
      if (body.isObject()) {
        return body;
      }
      throw new ApiException(ApiException.Kind.INVALID, "The request must be a JSON object.");
    } catch (JsonProcessingException e) {
      throw new ApiException(
          ApiException.Kind.INVALID, "The request is not valid JSON: " + reason(e));
    } catch (IOException e) {
      throw new ApiException(ApiException.Kind.INVALID, "The request is not valid JSON.");
    }
  }
}
