package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLongArray;
import org.bitnetj.testkit.BesideHeap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Many clients at once, of which half misbehave, for {@code -Dbitnet.load.seconds}: every answer is
 * the one its request gets alone, and when all have gone nothing of them is left.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LoadTest {
  private static final int CLIENTS = 12;
  private static final int PROMPTS = 8;
  private static final long SECONDS = Long.getLong("bitnet.load.seconds", 8);

  private enum Client {
    /** Waits for its whole answer. */
    PATIENT,
    /** Reads all events. */
    STREAMING,
    /** Goes in the middle of a stream, without a farewell. */
    VANISHING,
    /** Goes in the middle of its request. */
    INTERRUPTED,
    MALFORMED,
    /** Sends a prompt that does not fit the context. */
    HUGE,
    /** Sends a body that is too large. */
    OVERSIZED,
    /** Sends one that is so large that it is not read to its end. */
    FLOODING
  }

  private static final int MOST_BODY_BYTES = 100_000;

  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
  private final AtomicLongArray done = new AtomicLongArray(Client.values().length);
  private final AtomicLongArray refused = new AtomicLongArray(1);
  private final List<String> expected = new ArrayList<>();
  private ServedModel served;

  @BeforeAll
  void serve() throws Exception {
    served =
        new ServedModel(
            ServedModel.options()
                .withParallel(4)
                .withQueue(4)
                .withMostBodyBytes(MOST_BODY_BYTES)
                .withRequestTime(Duration.ofMinutes(2)));
    for (int i = 0; i < PROMPTS; i++) {
      expected.add(text(served.ask("/v1/completions", body(i, false))));
    }
  }

  @AfterAll
  void close() {
    served.close();
  }

  private static String body(int prompt, boolean stream) {
    return "{\"prompt\": \"Story %d: once upon a time there was a \", \"seed\": %d, \"stream\": %b,"
            .formatted(prompt, prompt, stream)
        + " \"max_tokens\": %d}".formatted(10 + 5 * prompt);
  }

  private static String text(JsonNode answer) {
    return answer.get("choices").get(0).get("text").textValue();
  }

  @Test
  void answersAreRightUnderLoadAndNothingIsLeft() throws Exception {
    long begin = System.nanoTime();
    run(begin + SECONDS * 250_000_000L);
    Left early = awaitRest();
    run(begin + SECONDS * 1_000_000_000L);
    Left late = awaitRest();
    Map<Client, Long> counts = new EnumMap<>(Client.class);
    for (Client client : Client.values()) {
      counts.put(client, done.get(client.ordinal()));
    }
    System.out.printf(
        "%d s of load: %s, %d refused with 429; after a quarter %s, at the end %s%n",
        SECONDS, counts, refused.get(0), early, late);
    assertEquals(List.of(), failures.stream().distinct().limit(5).toList());
    counts.forEach((client, count) -> assertTrue(count > 0, "no client was " + client));
    assertTrue(late.heap < early.heap + (16 << 20), "heap that is in use");
    // Kept texts may come to take 64 MB; in a short run the JVM warms up as well.
    long growth = SECONDS >= 60 ? 128L << 20 : 256L << 20;
    assertTrue(late.beside < early.beside + growth, "resident memory beside the heap");
    assertTrue(late.files <= early.files + 8, "open files");
    assertTrue(late.threads <= early.threads + 8, "threads");
    for (int i = 0; i < PROMPTS; i++) {
      assertEquals(expected.get(i), text(served.ask("/v1/completions", body(i, false))));
    }
  }

  private void run(long end) throws Exception {
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        Random random = new Random(i);
        all.add(
            clients.submit(
                () -> {
                  while (System.nanoTime() < end) {
                    Client client = Client.values()[random.nextInt(Client.values().length)];
                    attempt(client, random.nextInt(PROMPTS));
                  }
                }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    }
  }

  private void attempt(Client client, int prompt) {
    try {
      if (act(client, prompt)) {
        done.incrementAndGet(client.ordinal());
      } else {
        refused.incrementAndGet(0);
        Thread.sleep(20);
      }
    } catch (Exception | AssertionError e) {
      failures.add(client + ": " + e);
    }
  }

  /** False if the server had too much to do. */
  private boolean act(Client client, int prompt) throws Exception {
    return switch (client) {
      case PATIENT ->
          answered(
              () -> served.post("/v1/completions", body(prompt, false)),
              answer ->
                  assertEquals(expected.get(prompt), text(ServedModel.JSON.readTree(answer))));
      case STREAMING ->
          answered(
              () -> served.post("/v1/completions", body(prompt, true)),
              answer -> assertEquals(expected.get(prompt), streamed(answer)));
      case VANISHING ->
          leave(head(body(prompt, true)) + body(prompt, true), 300).startsWith("HTTP/1.1 200");
      case INTERRUPTED -> leave(head(body(prompt, true)) + "{\"prompt\": \"On", 0).isEmpty();
      case MALFORMED -> status(400, "{\"prompt\": [[[[[\"Once\", }");
      case HUGE -> status(400, "{\"prompt\": \"" + "once upon a time ".repeat(500) + "\"}");
      case OVERSIZED ->
          status(413, "{\"prompt\": \"" + "a".repeat(MOST_BODY_BYTES * 3 / 2) + "\"}");
      case FLOODING -> flood(prompt % 2 == 0);
    };
  }

  /** Sends more than twice of what is allowed; the connection may be cut before an answer. */
  private boolean flood(boolean chunked) throws IOException {
    String piece = "a".repeat(0x4000);
    int pieces = MOST_BODY_BYTES * 5 / 2 / piece.length();
    String request =
        chunked
            ? "POST /v1/completions HTTP/1.1\r\n"
                + "Host: localhost\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n"
                + ("4000\r\n" + piece + "\r\n").repeat(pieces)
            : head(piece.repeat(pieces)) + piece.repeat(pieces);
    String answer;
    try (Socket socket = new Socket("127.0.0.1", served.server.port())) {
      socket.setSoTimeout(30_000);
      try {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        answer = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
      } catch (SocketException cut) {
        answer = "";
      }
    }
    boolean busy = answer.equals("HTTP/1.1 429");
    assertTrue(busy || answer.isEmpty() || answer.equals("HTTP/1.1 413"), answer);
    return !busy;
  }

  private interface Check {
    void accept(String answer) throws Exception;
  }

  private static boolean answered(Callable<HttpResponse<String>> request, Check check)
      throws Exception {
    HttpResponse<String> response = request.call();
    if (response.statusCode() == 429) {
      assertTrue(response.headers().firstValue("Retry-After").isPresent());
      return false;
    }
    assertEquals(200, response.statusCode(), response.body());
    check.accept(response.body());
    return true;
  }

  private static String streamed(String events) throws IOException {
    StringBuilder text = new StringBuilder();
    assertTrue(events.endsWith("data: [DONE]\n\n"), events);
    for (String event : events.split("\n\n")) {
      if (event.startsWith("data: {")) {
        text.append(text(ServedModel.JSON.readTree(event.substring(6))));
      }
    }
    return text.toString();
  }

  private boolean status(int status, String body) throws Exception {
    HttpResponse<String> response = served.post("/v1/completions", body);
    if (response.statusCode() == 429) {
      return false;
    }
    assertEquals(status, response.statusCode(), response.body());
    return true;
  }

  private static String head(String body) {
    return "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
        + body.length()
        + "\r\n\r\n";
  }

  /** Resets the connection after so many bytes of the answer; returns them. */
  private String leave(String request, int bytes) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", served.server.port())) {
      socket.setSoLinger(true, 0); // closing resets the connection
      OutputStream out = socket.getOutputStream();
      out.write(request.getBytes(StandardCharsets.UTF_8));
      out.flush();
      return new String(socket.getInputStream().readNBytes(bytes), StandardCharsets.UTF_8);
    }
  }

  /**
   * @param beside resident bytes outside the heap
   */
  private record Left(long heap, long beside, long files, int threads) {
    @Override
    public String toString() {
      return "%d MB of heap, %d MB beside it, %d files, %d threads"
          .formatted(heap >> 20, beside >> 20, files, threads);
    }
  }

  /** What there is when no request is left; fails if one stays. */
  private Left awaitRest() throws Exception {
    JsonNode health = null;
    for (int i = 0; i < 300; i++) {
      health = ServedModel.JSON.readTree(served.get("/health").body());
      if (health.get("running").intValue() == 0
          && health.get("waiting").intValue() == 0
          && health.get("sessions").intValue() == 0) {
        System.gc();
        return new Left(
            ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
            BesideHeap.residentBytes(),
            files(),
            ManagementFactory.getThreadMXBean().getThreadCount());
      }
      Thread.sleep(100);
    }
    throw new AssertionError("after 30 s there are still requests: " + health);
  }

  private static long files() {
    String[] files = new File("/proc/self/fd").list();
    return files == null ? 0 : files.length;
  }
}
