package org.bitnetj.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/**
 * HTTP requests that follow redirects by themselves, since the token must not follow to another
 * host, and since the answer that redirects says what the file is. Thread-safe.
 */
final class Redirects implements AutoCloseable {
  private static final int MOST = 10;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);
  private static final long ANSWER_SECONDS = 60;
  private static final Set<Integer> STATUSES = Set.of(301, 302, 303, 307, 308);

  private final URI endpoint;
  private final Optional<String> token;

  // HTTP/2 has one window for all streams of a connection, which slows big files down.
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();

  Redirects(URI endpoint, Optional<String> token) {
    this.endpoint = endpoint;
    this.token = token;
  }

  /**
   * Sends a request and follows where it is sent to.
   *
   * @param from the first byte wanted
   * @param isAnswer whether an answer that redirects says enough already
   * @return an answer whose body is still to be read and closed
   * @throws TransientException if the server cannot be reached
   * @throws HubException if a redirect leads nowhere
   */
  HttpResponse<InputStream> send(
      String method, URI uri, long from, Predicate<HttpResponse<?>> isAnswer) throws IOException {
    URI at = uri;
    for (int i = 0; i <= MOST; i++) {
      HttpResponse<InputStream> response = once(method, at, from);
      if (!STATUSES.contains(response.statusCode()) || isAnswer.test(response)) {
        return response;
      }
      response.body().close();
      at = target(response);
    }
    throw new HubException(
        uri.getHost()
            + " redirects more than "
            + MOST
            + " times; it, or a proxy, is set up wrong.");
  }

  private HttpResponse<InputStream> once(String method, URI uri, long from) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .header("User-Agent", "bitnet.java")
            .header("Accept-Encoding", "identity")
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (from > 0) {
      request.header("Range", "bytes=" + from + "-");
    }
    if (token.isPresent() && isOfHub(uri)) {
      try {
        request.header("Authorization", "Bearer " + token.get());
      } catch (IllegalArgumentException e) {
        throw new HubException("the token (HF_TOKEN) has characters that no token has.");
      }
    }
    try {
      HttpResponse<InputStream> response = answer(request.build());
      if (response
          .headers()
          .firstValue("Content-Encoding")
          .filter(encoding -> !encoding.equalsIgnoreCase("identity"))
          .isPresent()) {
        response.body().close();
        throw new HubException(
            uri.getHost() + " sends encoded bytes, which were not asked for; is there a proxy?");
      }
      return response;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    } catch (HubException e) {
      throw e;
    } catch (IOException e) {
      throw new TransientException(
          "cannot reach " + uri.getScheme() + "://" + uri.getAuthority() + ": " + reason(e) + ".",
          e);
    }
  }

  /**
   * Waits for the head of an answer: a timeout of the request would count the body, from Java 26.
   */
  private HttpResponse<InputStream> answer(HttpRequest request)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<InputStream>> answer =
        http.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
    try {
      return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | InterruptedException e) {
      answer.cancel(true);
      if (e instanceof InterruptedException interrupt) {
        throw interrupt;
      }
      throw new IOException("no answer in time", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
    }
  }

  private static URI target(HttpResponse<?> response) throws HubException {
    URI from = response.uri();
    try {
      URI to = from.resolve(response.headers().firstValue("Location").orElse(""));
      boolean weaker = isHttps(from) && !isHttps(to);
      if (HubClient.isHttp(to) && !to.equals(from) && !weaker) {
        return to;
      }
    } catch (IllegalArgumentException e) {
      // as if it had another scheme
    }
    throw new HubException(
        from.getHost() + " redirects to where no file can be; it, or a proxy, is set up wrong.");
  }

  /** Whether an address is the hub's own, as opposed to the servers it redirects to. */
  boolean isOfHub(URI uri) {
    return place(uri).equals(place(endpoint));
  }

  private static boolean isHttps(URI uri) {
    return "https".equalsIgnoreCase(uri.getScheme());
  }

  private static int port(URI uri) {
    return uri.getPort() >= 0 ? uri.getPort() : isHttps(uri) ? 443 : 80;
  }

  private static String place(URI uri) {
    return (uri.getScheme() + "://" + uri.getHost() + ":" + port(uri)).toLowerCase(Locale.ROOT);
  }

  private static String reason(IOException e) {
    return e instanceof ConnectException && e.getMessage() == null
        ? "no connection"
        : String.valueOf(e.getMessage());
  }

  @Override
  public void close() {
    http.shutdownNow(); // an abandoned body would keep close() waiting
    http.close();
  }
}
