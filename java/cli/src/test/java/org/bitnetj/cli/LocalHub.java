package org.bitnetj.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A hub with the shipped model in one repository. {@code FakeHub} is the one that misbehaves. */
final class LocalHub implements AutoCloseable {
  static final String ID = "tiny-org/tiny-stories";
  static final String FILE = "tiny-i2_s.gguf";
  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  final AtomicInteger requests = new AtomicInteger();
  private final byte[] model = Files.readAllBytes(Models.SHIPPED);
  private final long pauseNanos;
  private final HttpServer server =
      HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);

  /**
   * @param pauseNanos how long the second half of the file is held back
   */
  LocalHub(long pauseNanos) throws IOException {
    this.pauseNanos = pauseNanos;
    server.createContext("/", exchange -> send(exchange, 404, "no such repository".getBytes()));
    server.createContext(
        "/api/models/" + ID + "/revision/main",
        exchange ->
            send(
                exchange,
                200,
                ("{\"sha\":\"" + COMMIT + "\",\"siblings\":[{\"rfilename\":\"" + FILE + "\"}]}")
                    .getBytes()));
    server.createContext(
        "/" + ID + "/resolve/" + COMMIT + "/" + FILE,
        exchange -> {
          exchange.getResponseHeaders().set("X-Linked-Etag", '"' + sha256() + '"');
          exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(model.length));
          exchange.getResponseHeaders().set("Location", "/cdn");
          send(exchange, 302, new byte[0]);
        });
    server.createContext("/cdn", exchange -> send(exchange, 200, model));
    server.start();
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private String sha256() {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(model));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    requests.incrementAndGet();
    try (exchange) {
      if (exchange.getRequestMethod().equals("HEAD") || body.length == 0) {
        exchange.sendResponseHeaders(status, -1);
        return;
      }
      exchange.sendResponseHeaders(status, body.length);
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(body, 0, body.length / 2);
        out.flush();
        LockSupport.parkNanos(pauseNanos);
        out.write(body, body.length / 2, body.length - body.length / 2);
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
