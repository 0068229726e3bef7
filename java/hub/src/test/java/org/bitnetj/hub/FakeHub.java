package org.bitnetj.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A server with one repository that behaves like the Hugging Face hub: it redirects to a second
 * server for big files, and to another address of its own for small ones. Each kind of request can
 * be made to go wrong.
 */
final class FakeHub implements AutoCloseable {
  static final String ID = "some-org/some.model_1";
  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  private static final int SMALL = 1000;

  /** The kinds of requests. */
  enum Door {
    LIST,
    DESCRIBE,
    FETCH,
    SMALL_FILE,
    CDN
  }

  /** An answer other than the usual one. */
  @FunctionalInterface
  interface Fault {
    void answer(HttpExchange exchange) throws IOException;
  }

  /** A request that came. */
  record Request(Door door, String path, @Nullable String authorization, @Nullable String range) {}

  final Map<String, byte[]> files = Collections.synchronizedMap(new LinkedHashMap<>());
  private final List<Request> requests = Collections.synchronizedList(new ArrayList<>());
  private final Map<Door, Queue<Fault>> next = new HashMap<>();
  private final Map<Door, Fault> always = new HashMap<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer hub = server();
  private final HttpServer cdn = server();

  FakeHub() throws IOException {
    hub.createContext("/", this::hub);
    cdn.createContext("/", exchange -> serve(Door.CDN, exchange, this::blob));
  }

  private HttpServer server() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
    return server;
  }

  private static String address(HttpServer server) {
    return "http://" + server.getAddress().getHostString() + ":" + server.getAddress().getPort();
  }

  String address() {
    return address(hub);
  }

  HubOptions options(Path cache) {
    return new HubOptions(URI.create(address()), Optional.of("hf_secret"), cache, false, true);
  }

  /** What the next request of a kind gets. */
  void next(Door door, Fault... faults) {
    next.computeIfAbsent(door, d -> new LinkedList<>()).addAll(List.of(faults));
  }

  /** What every request of a kind gets. */
  void always(Door door, Fault fault) {
    always.put(door, fault);
  }

  List<Request> requests(Door door) {
    return requests.stream().filter(request -> request.door == door).toList();
  }

  int requestCount() {
    return requests.size();
  }

  private void hub(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (path.startsWith("/api/models/")) {
      serve(Door.LIST, exchange, this::list);
    } else if (path.startsWith("/api/resolve-cache/")) {
      serve(Door.SMALL_FILE, exchange, this::small);
    } else if (exchange.getRequestMethod().equals("HEAD")) {
      serve(Door.DESCRIBE, exchange, this::resolve);
    } else {
      serve(Door.FETCH, exchange, this::resolve);
    }
  }

  private void serve(Door door, HttpExchange exchange, Fault usual) throws IOException {
    requests.add(
        new Request(
            door,
            exchange.getRequestURI().getRawPath(),
            exchange.getRequestHeaders().getFirst("Authorization"),
            exchange.getRequestHeaders().getFirst("Range")));
    try (exchange) {
      Queue<Fault> faults = next.get(door);
      if (faults != null && !faults.isEmpty()) {
        faults.remove().answer(exchange);
      } else {
        always.getOrDefault(door, usual).answer(exchange);
      }
    }
  }

  private void list(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestURI().getPath().startsWith("/api/models/" + ID + "/revision/")) {
      status(404, "X-Error-Code", "RepoNotFound").answer(exchange);
      return;
    }
    listing(COMMIT, files.keySet().toArray(String[]::new)).answer(exchange);
  }

  /** A list of files, quoted as JSON needs it. */
  static Fault listing(String commit, String... names) {
    String siblings =
        Arrays.stream(names)
            .map(name -> "{\"rfilename\":\"" + name.replace("\\", "\\\\") + "\"}")
            .collect(Collectors.joining(","));
    return body(
        ("{\"id\":\"x\",\"tags\":[\"a\",{}],\"sha\":\""
                + commit
                + "\",\"siblings\":["
                + siblings
                + "]}")
            .getBytes(StandardCharsets.UTF_8));
  }

  private void resolve(HttpExchange exchange) throws IOException {
    String prefix = "/" + ID + "/resolve/" + COMMIT + "/";
    String path = exchange.getRequestURI().getPath();
    byte[] bytes = path.startsWith(prefix) ? files.get(path.substring(prefix.length())) : null;
    if (bytes == null) {
      status(404, "X-Error-Code", "EntryNotFound").answer(exchange);
    } else if (bytes.length < SMALL) {
      status(307, "Location", "/api/resolve-cache/" + path.substring(prefix.length()))
          .answer(exchange);
    } else {
      exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
      exchange.getResponseHeaders().set("X-Linked-Etag", '"' + sha256(bytes) + '"');
      exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(bytes.length));
      exchange.getResponseHeaders().set("ETag", "\"of the redirect\"");
      status(302, "Location", address(cdn) + "/signed/" + sha256(bytes)).answer(exchange);
    }
  }

  private void small(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] bytes = files.get(path.substring("/api/resolve-cache/".length()));
    exchange.getResponseHeaders().set("ETag", '"' + gitBlob(bytes) + '"');
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", String.valueOf(bytes.length));
      exchange.sendResponseHeaders(200, -1);
    } else {
      body(bytes).answer(exchange);
    }
  }

  private void blob(HttpExchange exchange) throws IOException {
    String hash = exchange.getRequestURI().getPath().substring("/signed/".length());
    byte[] bytes =
        files.values().stream().filter(b -> sha256(b).equals(hash)).findFirst().orElseThrow();
    ranged(exchange, bytes, bytes.length);
  }

  /** Sends what is asked for of {@code bytes}, but ends before byte {@code end}. */
  private static void ranged(HttpExchange exchange, byte[] bytes, int end) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
    if (range != null) {
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
    }
    exchange.sendResponseHeaders(range == null ? 200 : 206, bytes.length - from);
    exchange.getResponseBody().write(bytes, from, Math.max(0, end - from));
    exchange.getResponseBody().flush();
  }

  /** A connection that is cut at a byte, once {@code received} says that all before it came. */
  static Fault cutAt(byte[] bytes, int end, BooleanSupplier received) {
    return exchange -> {
      ranged(exchange, bytes, end);
      LockSupport.parkNanos(50_000_000); // a client that resumes there has read the head at least
      for (int i = 0; i < 2000 && !received.getAsBoolean(); i++) {
        LockSupport.parkNanos(5_000_000);
      }
    };
  }

  static Fault body(byte[] bytes) {
    return exchange -> {
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
    };
  }

  static Fault status(int status, String... headers) {
    return exchange -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
      }
      exchange.sendResponseHeaders(status, -1);
    };
  }

  /** Bytes of no meaning, other ones for another seed. */
  static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static String sha256(byte[] bytes) {
    return hash("SHA-256", bytes);
  }

  /** What git names a file by. */
  static String gitBlob(byte[] bytes) {
    byte[] head = ("blob " + bytes.length + "\0").getBytes(StandardCharsets.US_ASCII);
    byte[] all = Arrays.copyOf(head, head.length + bytes.length);
    System.arraycopy(bytes, 0, all, head.length, bytes.length);
    return hash("SHA-1", all);
  }

  private static String hash(String algorithm, byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    hub.stop(0);
    cdn.stop(0);
    threads.shutdownNow();
  }
}
