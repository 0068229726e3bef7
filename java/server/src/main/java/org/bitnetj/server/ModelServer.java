package org.bitnetj.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.common.tls.Tls;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.ModelStatus;

/**
 * Serves one model over HTTP, in the APIs of OpenAI and Anthropic. Each request is answered on a
 * virtual thread; all texts share the model's steps. Thread-safe.
 */
public final class ModelServer implements AutoCloseable {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final LanguageModel model;
  private final ServerOptions options;
  private final Admission admission;
  private final Answers answers;
  private final Exchanges exchanges;
  private final Connections connections;
  private final Metrics metrics;
  private final Identity identity;
  private final Page page = new Page();
  private final WebServer server;
  private boolean closed;

  private ModelServer(LanguageModel model, ServerOptions options) throws IOException {
    this.model = model;
    this.options = options;
    this.identity = Fingerprint.identity(model, options);
    this.metrics = new Metrics(identity.model());
    this.admission = new Admission(options.parallel(), options.queue(), capacity(model));
    this.answers = new Answers(model, admission, metrics, options.drafting());
    this.exchanges = new Exchanges(options.requestTime());
    this.connections = new Connections(options.transferTime());
    WebServerConfig.Builder builder =
        WebServer.builder()
            .host(options.host())
            .port(options.port())
            .shutdownHook(false)
            .maxPayloadSize(2L * options.mostBodyBytes()) // Door refuses less; this ends a reading
            .idleConnectionTimeout(Duration.ofMinutes(5))
            .protocolsDiscoverServices(false)
            .addConnectionSelector(connections)
            .routing(this::route);
    options
        .certificate()
        .ifPresent(
            certificate -> builder.tls(Tls.builder().sslContext(certificate.context()).build()));
    this.server = builder.build();
  }

  /**
   * Starts to listen.
   *
   * @param model must stay open until the server is closed
   * @param options where it listens, and its limits
   * @return a server to be closed
   * @throws IOException if the model's files cannot be read for its fingerprint, or the port cannot
   *     be listened at
   */
  public static ModelServer start(LanguageModel model, ServerOptions options) throws IOException {
    Objects.requireNonNull(model, "model is null");
    Objects.requireNonNull(options, "options is null");
    requireFree(options);
    ModelServer server = new ModelServer(model, options);
    server.server.start();
    if (!server.server.isRunning()) { // the library only logs why
      server.free();
      throw cannotListen(options, "another program may have taken the port");
    }
    return server;
  }

  /** Binds the port once: the library's own failure would say nothing. */
  private static void requireFree(ServerOptions options) throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(options.host(), options.port()));
    } catch (IOException | IllegalArgumentException e) {
      throw cannotListen(options, String.valueOf(e.getMessage()));
    }
  }

  private static IOException cannotListen(ServerOptions options, String why) {
    return new IOException(
        "Cannot listen at " + options.host() + ":" + options.port() + ": " + why);
  }

  /** Positions that have room for keys and values. */
  private static long capacity(LanguageModel model) {
    return model.cachePositions();
  }

  /** {@return the port that the server listens at} */
  public int port() {
    return server.port();
  }

  private void route(HttpRouting.Builder routes) {
    Door door = new Door(options, exchanges, metrics, new RequestLog(options, identity.model()));
    Chats chats = new Chats(answers);
    ChatCompletions chat = new ChatCompletions(answers, chats, identity);
    Completions completions = new Completions(answers, identity);
    Messages messages = new Messages(chats, identity);
    Responses responses = new Responses(chats, identity);
    Embeddings embeddings = new Embeddings(answers, identity);
    Models models = new Models(model.info(), identity);
    TokenEndpoints tokens = new TokenEndpoints(model);
    routes.addFilter(door::filter);
    page.route(routes);
    routes
        .post("/v1/chat/completions", door.post(chat::read))
        .post("/v1/completions", door.post(completions::read))
        .post("/v1/responses", door.post(responses::read))
        .post("/v1/messages", door.post(messages::read))
        .post("/v1/messages/count_tokens", door.post(messages::countTokens))
        .post("/v1/embeddings", door.post(embeddings::read))
        .post("/tokenize", door.post(tokens::tokenize))
        .post("/detokenize", door.post(tokens::detokenize))
        .get("/v1/models", door.get(models::list))
        .get("/v1/models/{+id}", door.get(models::find))
        .get("/v1/responses/{id}", door.get(responses::find))
        .delete("/v1/responses/{id}", door.get(responses::delete))
        .get("/health", door.open(request -> Door.whole(health())))
        .get("/metrics", door.open(request -> this::sendMetrics))
        .options("/*", door::preflight)
        .any(
            "/*",
            door.open(
                request -> {
                  throw new ApiException(
                      ApiException.Kind.NOT_FOUND,
                      "There is nothing at this path, or not by this method.");
                }));
  }

  private void sendMetrics(EventStream events, ServerResponse response) {
    response.header(HeaderNames.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    response.send(
        metrics
            .page(model.status(), admission.running(), admission.waiting())
            .getBytes(StandardCharsets.UTF_8));
  }

  private ObjectNode health() {
    ModelStatus status = model.status();
    ObjectNode body = JSON.objectNode();
    body.put("status", "ok");
    body.put("running", admission.running());
    body.put("waiting", admission.waiting());
    body.put("sessions", status.sessions());
    return body;
  }

  /**
   * Stops: refuses new requests, lets answers go on for {@link ServerOptions#drainTime}, and then
   * cancels them. The model stays open. Idempotent.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    admission.close();
    try {
      if (!exchanges.drain(options.drainTime())) {
        exchanges.endAll(Exchange.End.STOPPING);
        exchanges.drain(Duration.ofSeconds(5));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      exchanges.endAll(Exchange.End.STOPPING);
    }
    free();
  }

  private void free() {
    server.stop();
    connections.close();
    exchanges.close();
  }
}
