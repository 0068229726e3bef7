package org.bitnetj.server;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The chat page, from files in the jar. They are read once, by a list of their names: no path of a
 * request reaches a file system. The page holds nothing secret and is served without an API key; it
 * asks for the key when the API does. Immutable.
 */
final class Page {
  private static final String INDEX = "index.html";

  private static final List<String> NAMES =
      List.of(
          INDEX,
          "style.css",
          "icon.svg",
          "answering.js",
          "api.js",
          "chat.js",
          "connection.js",
          "dom.js",
          "events.js",
          "history.js",
          "import.js",
          "inline.js",
          "main.js",
          "markdown.js",
          "message.js",
          "render.js",
          "scroll.js",
          "settings.js",
          "sidebar.js",
          "theme.js");

  /**
   * The page loads from this server alone, runs no script but its files and makes no HTML of text,
   * which browsers with trusted types enforce: what a model writes cannot become a part of it.
   */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types 'none'";

  private static final Map<HeaderName, String> HEADERS =
      Map.of(
          HeaderNames.create("Content-Security-Policy"),
          POLICY,
          HeaderNames.create("X-Content-Type-Options"),
          "nosniff",
          HeaderNames.create("Referrer-Policy"),
          "no-referrer",
          HeaderNames.create("Cross-Origin-Opener-Policy"),
          "same-origin",
          HeaderNames.CACHE_CONTROL,
          "no-cache"); // a new server may have a new page

  /**
   * @param tag changes with the content
   */
  private record File(byte[] content, String type, String tag) {}

  private final Map<String, File> files = new HashMap<>();

  /**
   * @throws IOException if the jar is broken
   */
  Page() throws IOException {
    for (String name : NAMES) {
      files.put(name, read(name));
    }
  }

  private static File read(String name) throws IOException {
    try (InputStream in = Page.class.getResourceAsStream("page/" + name)) {
      if (in == null) {
        throw new IOException("The server's jar lacks a file of the chat page: " + name);
      }
      byte[] content = in.readAllBytes();
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
      return new File(
          content, type(name), '"' + HexFormat.of().formatHex(hash).substring(0, 32) + '"');
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }

  private static String type(String name) {
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "html" -> "text/html; charset=utf-8";
      case "css" -> "text/css; charset=utf-8";
      case "js" -> "text/javascript; charset=utf-8";
      case "svg" -> "image/svg+xml";
      default -> throw new AssertionError(name);
    };
  }

  /** Adds the page at {@code /}. */
  void route(HttpRouting.Builder routes) {
    routes
        .get("/", (request, response) -> serve(files.get(INDEX), request, response))
        .get(
            "/page/{name}",
            (request, response) ->
                serve(files.get(request.path().pathParameters().get("name")), request, response));
  }

  private static void serve(@Nullable File file, ServerRequest request, ServerResponse response) {
    if (file == null) {
      response.next(); // to the answer that there is nothing
      return;
    }
    HEADERS.forEach(response::header);
    response.header(HeaderNames.ETAG, file.tag);
    if (request.headers().first(HeaderNames.IF_NONE_MATCH).filter(file.tag::equals).isPresent()) {
      response.status(304).send();
      return;
    }
    response.header(HeaderNames.CONTENT_TYPE, file.type);
    response.send(file.content);
  }
}
