package org.bitnetj.server;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/** Who may ask: those with a key, if the server has some, and pages of known origins. Immutable. */
final class Access {
  /** The methods that the server knows. */
  static final String METHODS = "GET, POST, DELETE";

  private static final HeaderName API_KEY = HeaderNames.create("x-api-key");
  private static final HeaderName ALLOW_ORIGIN = HeaderNames.create("Access-Control-Allow-Origin");
  private static final HeaderName ALLOW_METHODS =
      HeaderNames.create("Access-Control-Allow-Methods");

  private final List<ApiKey> keys;
  private final List<String> origins;

  /**
   * @param keys of which a request must bring one; empty if everybody may ask
   * @param origins pages that may use the server from a browser, or {@code *} for all
   */
  Access(List<ApiKey> keys, List<String> origins) {
    this.keys = keys;
    this.origins = origins;
  }

  /**
   * Says whose the request is, if the server has keys.
   *
   * @throws ApiException if it brings none of them
   */
  void requireKey(ServerRequest request, Exchange exchange) {
    if (keys.isEmpty()) {
      return;
    }
    String given =
        request
            .headers()
            .first(HeaderNames.AUTHORIZATION)
            .filter(h -> h.regionMatches(true, 0, "Bearer ", 0, 7))
            .map(h -> h.substring(7).strip())
            .or(() -> request.headers().first(API_KEY))
            .orElse("");
    byte[] bytes = given.getBytes(StandardCharsets.UTF_8);
    ApiKey known = null;
    for (ApiKey key : keys) { // all of them, so that the time tells nothing
      known =
          MessageDigest.isEqual(key.key().getBytes(StandardCharsets.UTF_8), bytes) ? key : known;
    }
    if (known != null) {
      exchange.identify(known);
    } else {
      throw ApiException.coded(
          ApiException.Kind.UNAUTHENTICATED,
          "invalid_api_key",
          given.isEmpty()
              ? "This server needs an API key: send it as 'Authorization: Bearer KEY' or in the"
                  + " header x-api-key."
              : "This API key is not known here.");
    }
  }

  /**
   * Refuses what a web page asks that is neither the server's own nor one of those named. Browsers
   * send such requests although they keep the answers from the page.
   */
  void requireOrigin(ServerRequest request) {
    Optional<String> origin = request.headers().first(HeaderNames.ORIGIN);
    if (origin.isEmpty() || origins.contains("*") || origins.contains(origin.get())) {
      return;
    }
    String host = request.headers().first(HeaderNames.HOST).orElse("");
    if (!origin.get().equals("http://" + host) && !origin.get().equals("https://" + host)) {
      throw new ApiException(
          ApiException.Kind.FORBIDDEN,
          "Requests of web pages from "
              + origin.get()
              + " are refused; the server must be told that they are wanted (bitnet serve"
              + " --cors).");
    }
  }

  /** Lets a browser give the answer to a page that may use the server. */
  void allowOrigin(ServerRequest request, ServerResponse response) {
    request
        .headers()
        .first(HeaderNames.ORIGIN)
        .filter(origin -> origins.contains("*") || origins.contains(origin))
        .ifPresent(
            origin -> {
              response.header(ALLOW_ORIGIN, origin);
              response.header(HeaderNames.VARY, "Origin");
            });
  }

  /** Answers what browsers ask before they send a page's request to another server. */
  void preflight(ServerRequest request, ServerResponse response) {
    allowOrigin(request, response);
    response.header(ALLOW_METHODS, METHODS);
    request
        .headers()
        .first(HeaderNames.ACCESS_CONTROL_REQUEST_HEADERS)
        .ifPresent(names -> response.header(HeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, names));
    response.status(204).send();
  }
}
