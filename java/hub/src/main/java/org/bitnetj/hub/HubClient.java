package org.bitnetj.hub;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the hub is asked, and what its answers mean. Addresses and headers are those that
 * huggingface_hub uses. Thread-safe.
 */
final class HubClient implements AutoCloseable {
  private static final int MOST_LISTING_BYTES = 16 << 20;
  private static final Duration STALL = Duration.ofSeconds(60);
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

  /**
   * The files of a repository at a commit.
   *
   * @param files those of them whose names are safe
   */
  record Listing(String commit, List<String> files) {}

  private final HubOptions options;
  private final Redirects redirects;

  HubClient(HubOptions options) {
    this.options = options;
    this.redirects = new Redirects(options.endpoint(), options.token());
  }

  static boolean isHttp(URI uri) {
    return uri.getHost() != null
        && ("http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme()));
  }

  static boolean isCommit(String text) {
    return COMMIT.matcher(text).matches();
  }

  private URI address(String... parts) {
    return URI.create(options.endpoint() + "/" + String.join("/", parts));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private URI address(ModelName model, String commit, String file) {
    String path =
        Stream.of(file.split("/")).map(HubClient::encoded).collect(Collectors.joining("/"));
    return address(model.id(), "resolve", commit, path);
  }

  /**
   * Which files a model has at its revision.
   *
   * @throws HubException if there is no such model, or not for this user
   */
  Listing list(ModelName model) throws IOException {
    URI uri = address("api/models", model.id(), "revision", encoded(model.revisionOrMain()));
    HttpResponse<InputStream> response = first(uri);
    try (InputStream in = new StallGuard(response.body(), STALL)) {
      check(response, model, null);
      byte[] bytes = in.readNBytes(MOST_LISTING_BYTES + 1);
      if (bytes.length > MOST_LISTING_BYTES) {
        throw strange(model, "is longer than any list of files");
      }
      return listing(model, bytes);
    } catch (HubException e) {
      throw e;
    } catch (IOException e) {
      throw new TransientException(
          model + ": the answer of " + host() + " was cut: " + e.getMessage() + ".", e);
    }
  }

  /** A cut on the way is worth patience, but a network that is not there at first is not. */
  private HttpResponse<InputStream> first(URI uri) throws IOException {
    try {
      return redirects.send("GET", uri, 0, r -> false);
    } catch (TransientException e) {
      throw new HubException(
          e.getMessage() + " Check the network; a mirror is named by --hub or HF_ENDPOINT.", e);
    }
  }

  private Listing listing(ModelName model, byte[] bytes) throws HubException {
    String commit = "";
    List<String> files = new ArrayList<>();
    try (JsonParser json = new JsonFactory().createParser(bytes)) {
      json.nextToken();
      for (String field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
        JsonToken value = json.nextToken();
        if (field.equals("sha") && value == JsonToken.VALUE_STRING) {
          commit = json.getText();
        } else if (field.equals("siblings") && value == JsonToken.START_ARRAY) {
          names(json, files);
        } else {
          json.skipChildren();
        }
      }
    } catch (IOException e) {
      throw strange(model, "is not JSON");
    }
    if (!isCommit(commit)) {
      throw strange(model, "names no commit");
    }
    return new Listing(commit, files.stream().filter(SafePath::isSafe).distinct().toList());
  }

  private static void names(JsonParser json, List<String> files) throws IOException {
    while (json.nextToken() == JsonToken.START_OBJECT) {
      for (String field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
        if (json.nextToken() == JsonToken.VALUE_STRING && field.equals("rfilename")) {
          files.add(json.getText());
        } else {
          json.skipChildren();
        }
      }
    }
  }

  /**
   * Size and hash of a file.
   *
   * @throws HubException if it is not there, or the hub does not say what would prove it whole
   */
  RemoteFile describe(ModelName model, String commit, String file) throws IOException {
    HttpResponse<InputStream> response =
        redirects.send("HEAD", address(model, commit, file), 0, HubClient::describes);
    response.body().close();
    if (!describes(response)) {
      check(response, model, file);
    }
    String tag = header(response, "X-Linked-Etag").or(() -> header(response, "ETag")).orElse("");
    String hash = tag.replaceFirst("^W/", "").replace("\"", "");
    if (!RemoteFile.isHash(hash)) {
      throw new HubException(
          model
              + ": "
              + host()
              + " does not say the hash of "
              + file
              + ", so that it could not be checked; is it a hub?");
    }
    String size =
        header(response, "X-Linked-Size").or(() -> header(response, "Content-Length")).orElse("");
    try {
      return new RemoteFile(file, hash, Math.max(0, Long.parseLong(size)));
    } catch (NumberFormatException e) {
      throw new HubException(
          model + ": " + host() + " does not say the size of " + file + "; is it a hub?");
    }
  }

  /** Whether an answer says of a big file what it is before it says where. */
  private static boolean describes(HttpResponse<?> response) {
    return header(response, "X-Linked-Etag").isPresent()
        && header(response, "X-Linked-Size").isPresent()
        && response.statusCode() < 400;
  }

  /**
   * The bytes of a file from one on: all of them with status 200, the rest with 206; 416 if there
   * are none. The body is to be closed.
   */
  HttpResponse<InputStream> fetch(ModelName model, String commit, String file, long from)
      throws IOException {
    HttpResponse<InputStream> response =
        redirects.send("GET", address(model, commit, file), from, r -> false);
    if (response.statusCode() != 416) {
      try {
        check(response, model, file);
      } catch (IOException e) {
        response.body().close();
        throw e;
      }
    }
    return response;
  }

  static Optional<String> header(HttpResponse<?> response, String name) {
    return response.headers().firstValue(name);
  }

  /** Throws if an answer is not what was asked for. */
  private void check(HttpResponse<?> response, ModelName model, @Nullable String file)
      throws HubException {
    int status = response.statusCode();
    if (status == 200 || status == 206) {
      return;
    }
    boolean ofHub = redirects.isOfHub(response.uri());
    String said = host() + " answered " + status;
    if (ofHub && (status == 401 || status == 403)) {
      throw refusal(response, model);
    }
    if (ofHub && status == 404) {
      throw absence(response, model, file);
    }
    throw switch (status) {
      // The address that the hub redirected to is signed and lasts some minutes: ask again.
      case 403, 404, 408, 429, 500, 502, 503, 504 ->
          new TransientException(model + ": " + said + "; try again later.", retryAfter(response));
      default ->
          new HubException(
              model
                  + ": "
                  + said
                  + " instead of "
                  + (file == null ? "a list of files" : file)
                  + ".");
    };
  }

  private HubException refusal(HttpResponse<?> response, ModelName model) {
    if (header(response, "X-Error-Code").filter("GatedRepo"::equals).isPresent()) {
      return new HubException(
          model
              + " asks its users to accept terms: do so at "
              + address(model.id())
              + ", and set HF_TOKEN to a token of yours.");
    }
    return new HubException(
        host()
            + " has no model "
            + model.id()
            + " for everyone: check the name; if it is private, "
            + (options.token().isEmpty()
                ? "set HF_TOKEN to a token that may read it."
                : "use a token (HF_TOKEN) that may read it."));
  }

  private HubException absence(HttpResponse<?> response, ModelName model, @Nullable String file) {
    String code = header(response, "X-Error-Code").orElse("");
    if (code.equals("RevisionNotFound")) {
      return new HubException(
          model.id() + " has no revision '" + model.revisionOrMain() + "' at " + host() + ".");
    }
    return new HubException(
        file == null || code.equals("RepoNotFound")
            ? host() + " has no model " + model.id() + ": check the name."
            : model.id() + " has no file " + file + " at " + host() + ".");
  }

  /** Only seconds are understood; a date is taken for nothing said. */
  private static @Nullable Duration retryAfter(HttpResponse<?> response) {
    return header(response, "Retry-After")
        .filter(value -> value.matches("\\d{1,9}"))
        .map(value -> Duration.ofSeconds(Long.parseLong(value)))
        .orElse(null);
  }

  private HubException strange(ModelName model, String what) {
    return new HubException(model + ": the answer of " + host() + " " + what + "; is it a hub?");
  }

  String host() {
    return options.endpoint().getHost();
  }

  @Override
  public void close() {
    redirects.close();
  }
}
