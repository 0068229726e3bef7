package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;

/** The shipped model behind a server, with a chat template, and a client for it. */
final class ServedModel implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();

  /** Names who speaks; the shipped model has no template of its own. */
  static final String TEMPLATE =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
          + "{% if add_generation_prompt %}assistant:{% endif %}";

  final LanguageModel model;
  final ModelServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  ServedModel(ServerOptions options) throws IOException {
    this(options, TEMPLATE);
  }

  ServedModel(ServerOptions options, String template) throws IOException {
    model =
        LanguageModel.load(
            Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf"),
            LoadOptions.defaults().withChatTemplate(template).withKeptCacheBytes(64 << 20));
    server = ModelServer.start(model, options);
  }

  /** The defaults at a free port. */
  static ServerOptions options() {
    return ServerOptions.defaults().withPort(0);
  }

  static ServerOptions options(
      int mostBodyBytes, Set<String> apiKeys, List<String> origins, Consumer<String> log) {
    return options()
        .withMostBodyBytes(mostBodyBytes)
        .withApiKeys(keys(apiKeys))
        .withOrigins(origins)
        .withLog(log);
  }

  /** Keys of these texts. */
  static List<ApiKey> keys(Set<String> keys) {
    return keys.stream().sorted().map(key -> new ApiKey(key, "test", 0)).toList();
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  HttpResponse<String> get(String path) throws Exception {
    return send(HttpRequest.newBuilder(uri(path)));
  }

  HttpResponse<String> post(String path, String body) throws Exception {
    return send(
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  /** Posts what must be answered by JSON with status 200. */
  JsonNode ask(String path, String body) throws Exception {
    HttpResponse<String> response = post(path, body);
    if (response.statusCode() != 200) {
      throw new AssertionError(response.statusCode() + " " + response.body());
    }
    return JSON.readTree(response.body());
  }

  /** The data of a stream's events, its end included. */
  List<String> stream(String path, String body) throws Exception {
    HttpResponse<String> response = post(path, body);
    if (response.statusCode() != 200) {
      throw new AssertionError(response.statusCode() + " " + response.body());
    }
    List<String> events = new ArrayList<>();
    for (String event : response.body().split("\n\n")) {
      for (String line : event.split("\n")) {
        if (line.startsWith("data: ")) {
          events.add(line.substring(6));
        }
      }
    }
    return events;
  }

  @Override
  public void close() {
    server.close();
    model.close();
  }
}
