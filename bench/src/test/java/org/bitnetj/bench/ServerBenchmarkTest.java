package org.bitnetj.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.bitnetj.bench.ServerLoad.Scenario;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

@Timeout(60)
class ServerBenchmarkTest {
  private static final int ANSWER = 3;
  private static final int STREAM = 4;
  private static final int LONG_PROMPT = 40;
  private static final int FIRST_TURN = 30;

  /** Of the clock by the request that does not count: sent, its tokens, three other lines. */
  private static final int WARM_UP_READS = 1 + ANSWER + 3;

  private static ServerLoad load(URI server, String extra, Scenario scenario, Integer... at) {
    return new ServerLoad(
        server,
        List.of(scenario),
        List.of(at),
        2,
        10,
        ANSWER,
        STREAM,
        LONG_PROMPT,
        FIRST_TURN,
        List.of(100.0, 200.0),
        3,
        5000,
        7,
        extra);
  }

  /** What it prints; the part from the first scenario's table on. */
  private static String measure(LongSupplier clock, ServerLoad load) throws InterruptedException {
    StringBuilder out = new StringBuilder();
    try (ServerBenchmark benchmark = new ServerBenchmark(load, "bitnet bench server", clock)) {
      benchmark.run(out::append, text -> {});
    }
    String text = out.toString();
    assertTrue(text.startsWith("| measured | " + load.server()), text);
    assertTrue(text.contains("| command  | bitnet bench server"), text);
    return text.substring(text.indexOf("\n\n") + 2);
  }

  /** Goes on by 10 ms each time it is read: when a request is sent and at each line of data. */
  private static LongSupplier ticking() {
    AtomicLong millis = new AtomicLong();
    return () -> millis.getAndAdd(10) * 1_000_000;
  }

  private static void fails(String words, FakeCompletions.Script script) throws Exception {
    try (FakeCompletions server = new FakeCompletions(script)) {
      ServerLoad load = load(server.uri(), "{}", Scenario.TURN, 1);
      UnusableServerException e =
          assertThrows(UnusableServerException.class, () -> measure(System::nanoTime, load));
      assertEquals(server.uri() + "/v1/completions " + words, e.getMessage());
    }
  }

  @Test
  void streamsCountFromTheFirstTokenToTheLast() throws Exception {
    try (FakeCompletions server = new FakeCompletions(FakeCompletions::obey)) {
      assertEquals(
          """
          | streams | tokens/s | of the first row |
          |--------:|---------:|-----------------:|
          |       1 |      100 |           1.00 × |

          Texts of 4 tokens after prompts of 16; tokens count while all texts of a row decode.
          """,
          measure(ticking(), load(server.uri(), "{}", Scenario.STREAMS, 1)));
    }
  }

  @Test
  void aClientSendsItsRequestsOneAfterTheOther() throws Exception {
    try (FakeCompletions server = new FakeCompletions(FakeCompletions::obey)) {
      // 6 tokens from 0 to 100 ms: sent, 3 tokens, 3 other lines, sent, 3 tokens
      assertEquals(
          """
          | clients | requests | first token p50, s | first token p99, s | tokens/s |
          |--------:|---------:|-------------------:|-------------------:|---------:|
          |       1 |        2 |             0.0100 |             0.0100 |     60.0 |

          Prompts of 10 tokens, answers of 3. A client sends a request when its last one has been \
          answered.
          """,
          measure(ticking(), load(server.uri(), "{}", Scenario.CLIENTS, 1)));
    }
  }

  @Test
  void requestsArriveWhetherEarlierOnesHaveBeenAnsweredOrNot() throws Exception {
    AtomicInteger requests = new AtomicInteger();
    CountDownLatch atFirstRate = new CountDownLatch(3);
    try (FakeCompletions server =
        new FakeCompletions(
            (request, reply) -> {
              if (requests.getAndIncrement() > 0) { // the first is not measured
                atFirstRate.countDown();
                atFirstRate.await();
              }
              FakeCompletions.obey(request, reply);
            })) {
      String text = measure(System::nanoTime, load(server.uri(), "{}", Scenario.ARRIVALS, 1));
      List<String> rows = text.lines().filter(line -> line.matches("\\| +[12]00 .*")).toList();
      assertEquals(2, rows.size(), text);
      assertTrue(rows.get(0).matches("\\| +100 \\| +3 \\| +3 \\|.*"), text);
      assertTrue(text.contains("\nPrompts of 10 tokens, answers of 3. Requests come at"), text);
      assertEquals(7, requests.get());
    }
  }

  @Test
  void arrivalsAreAsManyASecondAsTheRate() {
    ServerLoad load =
        new ServerLoad(
            URI.create("http://localhost:1"),
            List.of(Scenario.ARRIVALS),
            List.of(1),
            1,
            1,
            1,
            2,
            1,
            1,
            List.of(2.0),
            10_000,
            5000,
            7,
            "{}");
    double[] times = load.arrivalTimes(2);
    assertEquals(5000, times[9999], 150); // three standard deviations
    long shorter = 0; // gaps below 0.25 s: a share of 1 - exp(-0.5)
    for (int i = 1; i < times.length; i++) {
      assertTrue(times[i] >= times[i - 1]);
      shorter += times[i] - times[i - 1] < 0.25 ? 1 : 0;
    }
    assertEquals(10_000 * (1 - Math.exp(-0.5)), shorter, 150);
  }

  @Test
  void theSecondTurnBeginsWithTheFirst() throws Exception {
    AtomicInteger requests = new AtomicInteger();
    try (FakeCompletions server =
        new FakeCompletions(
            (request, reply) -> {
              int cached = requests.getAndIncrement() == 2 ? FIRST_TURN : 0;
              reply.token("a").token("b").token("c").finish("length").usage(3, cached).done();
            })) {
      long[] millis = {
        0, 1, 2, 3, 4, 5, 6, // not counted
        1000, 3000, 3001, 3002, 3003, 3004, 3005, //
        4000, 4125, 4126, 4127, 4128, 4129, 4130
      };
      AtomicInteger reads = new AtomicInteger();
      assertEquals(
          """
          | turn   | prompt tokens | cached | first token, s |
          |--------|--------------:|-------:|---------------:|
          | first  |            30 |      0 |           2.00 |
          | second |            53 |     30 |          0.125 |

          The second prompt is the first one, 3 tokens in the place of its answer, and 20 more.
          """,
          measure(
              () -> millis[reads.getAndIncrement()] * 1_000_000,
              load(server.uri(), "{}", Scenario.TURN, 1)));
      assertEquals(millis.length, reads.get());
      JsonNode first = server.requests().get(1).get("prompt");
      JsonNode second = server.requests().get(2).get("prompt");
      for (int i = 0; i < FIRST_TURN; i++) {
        assertEquals(first.get(i), second.get(i));
      }
    }
  }

  /** Waits until the clock has been read so often. */
  private static void await(AtomicLong reads, long count) throws InterruptedException {
    while (reads.get() < count) {
      Thread.sleep(1);
    }
  }

  @Test
  void gapsBesideALongPromptAreThoseUntilItsFirstToken() throws Exception {
    AtomicLong reads = new AtomicLong();
    long before = WARM_UP_READS + 8 * (1 + STREAM + 3); // and chats alone
    CountDownLatch read = new CountDownLatch(1);
    try (FakeCompletions server =
        new FakeCompletions(
            (request, reply) -> {
              if (request.get("prompt").size() == LONG_PROMPT) {
                reply.token("x");
                await(reads, before + 8 * 2 + 2); // chats and their first tokens, this and its own
                read.countDown();
              } else if (request.get("max_tokens").intValue() == LONG_PROMPT) {
                reply.token("x");
                read.await();
                while (true) {
                  reply.token("y"); // until the client goes
                  Thread.sleep(1);
                }
              } else {
                FakeCompletions.obey(request, reply);
              }
            })) {
      String text =
          measure(
              () -> reads.incrementAndGet() * 1_000_000,
              load(server.uri(), "{}", Scenario.LONG, 1));
      assertTrue(text.contains("| while a prompt is computed |    8 |"), text);
      assertTrue(text.contains(" of 40 tokens had its first token after 0.00100 s.\n"), text);
      assertFalse(text.contains("had ended"), text);
      assertEquals(1 + 8 + 8 + 1, server.requests().size());
    }
  }

  @Test
  void chatsThatEndBeforeALongPromptsFirstTokenAreTold() throws Exception {
    AtomicLong reads = new AtomicLong();
    long whole = WARM_UP_READS + 8 * (1 + STREAM + 3) + 8 * (1 + LONG_PROMPT + 3);
    try (FakeCompletions server =
        new FakeCompletions(
            (request, reply) -> {
              if (request.get("prompt").size() == LONG_PROMPT) {
                await(reads, whole + 1);
                reply.token("x");
              } else {
                FakeCompletions.obey(request, reply);
              }
            })) {
      String text =
          measure(
              () -> reads.incrementAndGet() * 1_000_000,
              load(server.uri(), "{}", Scenario.LONG, 1));
      assertTrue(text.endsWith("\n8 of the chats had ended before.\n"), text);
    }
  }

  @Test
  void promptsAreNewIdsOfTheVocabularyAndRequestsHaveTheMembersGiven() throws Exception {
    try (FakeCompletions server = new FakeCompletions(FakeCompletions::obey)) {
      String extra = " { \"model\": \"m\", \"logit_bias\": {\"2\": -100} } ";
      measure(System::nanoTime, load(server.uri(), extra, Scenario.CLIENTS, 1, 3));
      assertEquals(1 + 2 + 6, server.requests().size());
      Set<JsonNode> prompts = new HashSet<>();
      for (JsonNode request : server.requests()) {
        assertTrue(prompts.add(request.get("prompt")), "a prompt came twice");
        request
            .get("prompt")
            .forEach(id -> assertTrue(id.intValue() >= 1000 && id.intValue() < 5000, id::toString));
        assertTrue(request.get("stream").booleanValue());
        assertEquals(0, request.get("temperature").intValue());
        assertEquals("m", request.get("model").textValue());
        assertEquals(-100, request.at("/logit_bias/2").intValue());
      }
    }
  }

  @Test
  void aTemperatureGivenTakesThePlaceOfTheUsualOne() throws Exception {
    try (FakeCompletions server = new FakeCompletions(FakeCompletions::obey)) {
      String extra = "{\"temperature\": 0.5, \"options\": {\"temperature\": 3}}";
      measure(System::nanoTime, load(server.uri(), extra, Scenario.STREAMS, 1));
      for (JsonNode request : server.requests()) {
        assertEquals(0.5, request.get("temperature").doubleValue());
      }
      measure(
          System::nanoTime,
          load(server.uri(), "{\"options\": {\"temperature\": 3}}", Scenario.STREAMS, 1));
      assertEquals(0, server.requests().getLast().get("temperature").intValue());
    }
  }

  @Test
  void otherCountsThanEventsAreTold() throws Exception {
    try (FakeCompletions server =
        new FakeCompletions(
            (request, reply) -> reply.token("x").token("é").finish("length").usage(3, 0).done())) {
      // The last event is 80 ms after the first request: 6 tokens, not 4, in 80 ms.
      String text = measure(ticking(), load(server.uri(), "{}", Scenario.CLIENTS, 1));
      assertTrue(text.contains("|     75.0 |"), text);
      assertTrue(text.contains("\n6 tokens came in 4 events, as where a character has"), text);
    }
  }

  @Test
  void draftedTokensAreTold() throws Exception {
    try (FakeCompletions server =
        new FakeCompletions(
            (request, reply) ->
                reply
                    .token("x")
                    .token("x")
                    .token("x")
                    .data(
                        "{\"choices\":[{\"text\":\"\",\"finish_reason\":\"length\"}],"
                            + "\"timings\":{\"cache_n\":4,\"draft_n_accepted\":2}}")
                    .done())) {
      String text = measure(ticking(), load(server.uri(), "{}", Scenario.TURN, 1));
      assertTrue(text.contains("| first  |            30 |      4 |"), text);
      assertTrue(text.contains("\n4 of 6 tokens were guessed by the server's drafts"), text);
    }
  }

  @Test
  void tokensWithoutTextAreTokensAndAServerThatDoesNotCountIsTold() throws Exception {
    try (FakeCompletions server =
        new FakeCompletions(
            (request, reply) -> reply.token("").token("x").token("x").finish("length").done())) {
      String text = measure(ticking(), load(server.uri(), "{}", Scenario.TURN, 1));
      assertTrue(text.contains("| first  |            30 |      – |         0.0100 |"), text);
      assertTrue(text.endsWith("does not count tokens: each event counts as one.\n"), text);
    }
  }

  @Test
  void aServerThatEndsEarlyIsRefused() throws Exception {
    fails(
        "ended a text after 2 of 3 tokens, perhaps by an end token, which --extra may forbid.",
        (request, reply) -> reply.token("x").token("x").finish("stop").usage(2, 0).done());
    fails(
        "ended a text after 1 of 3 tokens, perhaps by an end token, which --extra may forbid.",
        (request, reply) -> reply.token("x").finish("stop").done());
    fails(
        "ended a text after 1 of 3 tokens, perhaps since its context holds no more.",
        (request, reply) -> reply.token("x").finish("length").usage(1, 0).done());
    fails(
        "sent no text with 3 tokens.",
        (request, reply) -> reply.finish("length").usage(3, 0).done());
  }

  @Test
  void anAnswerThatBreaksOffIsRefused() throws Exception {
    fails("broke off after 2 of 3 tokens.", (request, reply) -> reply.token("x").token("x").done());
    try (FakeCompletions server =
        new FakeCompletions((request, reply) -> reply.token("x").token("x"))) {
      ServerLoad load = load(server.uri(), "{}", Scenario.TURN, 1);
      UnusableServerException e =
          assertThrows(UnusableServerException.class, () -> measure(System::nanoTime, load));
      assertTrue(e.getMessage().contains(" broke off after 2 of 3 tokens"), e.getMessage());
    }
  }

  @Test
  void aRequestWhoseConnectionTheServerClosesIsSentAgainOnce() throws Exception {
    AtomicInteger closed = new AtomicInteger();
    try (FakeCompletions server =
        new FakeCompletions(
            (request, reply) -> {
              if (closed.getAndIncrement() % 2 == 0) {
                throw new IOException("closed");
              }
              FakeCompletions.obey(request, reply);
            })) {
      measure(System::nanoTime, load(server.uri(), "{}", Scenario.TURN, 1));
      assertEquals(6, closed.get()); // the unmeasured one and two turns
    }
    try (FakeCompletions server =
        new FakeCompletions(
            (request, reply) -> {
              throw new IOException("closed");
            })) {
      ServerLoad load = load(server.uri(), "{}", Scenario.TURN, 1);
      UnusableServerException e =
          assertThrows(UnusableServerException.class, () -> measure(System::nanoTime, load));
      assertTrue(e.getMessage().contains(" broke off after 0 of "), e.getMessage());
    }
  }

  @Test
  void whatAServerSaysOfAnErrorIsTold() throws Exception {
    fails(
        "answers with status 429: {\"error\": {\"message\": \"Too many wait.\"}}.",
        (request, reply) -> reply.refuse(429, "{\"error\":\n{\"message\": \"Too many wait.\"}}\n"));
    fails("answers with status 503.", (request, reply) -> reply.refuse(503, ""));
    fails(
        "tells of an error: The time is over.",
        (request, reply) ->
            reply.token("x").data("{\"error\":{\"message\":\"The time is over.\"}}"));
    fails(
        "sends an event that is not JSON: <html>.",
        (request, reply) -> reply.token("x").data("<html>"));
    fails(
        "sends an event that is not JSON: {\"a\":1} 2.",
        (request, reply) -> reply.data("{\"a\":1} 2"));
    fails("broke off after 0 of 3 tokens.", (request, reply) -> reply.refuse(200, "<html>\n"));
  }

  @Test
  void oneFailureEndsAllRequests() throws Exception {
    AtomicInteger requests = new AtomicInteger();
    CountDownLatch never = new CountDownLatch(1);
    try (FakeCompletions server =
        new FakeCompletions(
            (request, reply) -> {
              switch (requests.getAndIncrement()) {
                case 0 -> FakeCompletions.obey(request, reply);
                case 5 -> reply.refuse(429, "");
                default -> {
                  reply.token("x");
                  never.await();
                }
              }
            })) {
      ServerLoad load = load(server.uri(), "{}", Scenario.STREAMS, 5);
      UnusableServerException e =
          assertThrows(UnusableServerException.class, () -> measure(System::nanoTime, load));
      assertTrue(e.getMessage().endsWith(" answers with status 429."), e.getMessage());
    }
  }

  @Test
  void aServerThatIsNotThereIsNamed() throws IOException {
    URI nobody;
    try (ServerSocket socket = new ServerSocket(0)) {
      nobody = URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/");
    }
    UnusableServerException e =
        assertThrows(
            UnusableServerException.class,
            () -> measure(System::nanoTime, load(nobody, "{}", Scenario.TURN, 1)));
    assertEquals("cannot connect to " + nobody + "v1/completions.", e.getMessage());
  }

  @Test
  void loadsThatMakeNoSenseAreRefused() {
    URI server = URI.create("http://localhost:1");
    refused("A server's address", () -> load(URI.create("ftp://a"), "{}", Scenario.TURN, 1));
    refused("A server's address", () -> load(URI.create("localhost:80"), "{}", Scenario.TURN, 1));
    refused("Streams and clients", () -> load(server, "{}", Scenario.TURN));
    refused("Streams and clients", () -> load(server, "{}", Scenario.TURN, 1, 0));
    refused("Requests have a 'prompt' of", () -> load(server, "{\"prompt\":1}", Scenario.TURN, 1));
    for (double rate : new double[] {0, -1, 2000, Double.NaN}) {
      refused(
          "Requests per second",
          () ->
              new ServerLoad(
                  server,
                  List.of(Scenario.ARRIVALS),
                  List.of(1),
                  1,
                  1,
                  1,
                  2,
                  1,
                  1,
                  List.of(rate),
                  1,
                  5000,
                  7,
                  "{}"));
    }
    for (String extra : List.of("", "[]", "{", "{} {}", "{\"a\":1}}", "null")) {
      refused("must be a JSON object", () -> load(server, extra, Scenario.TURN, 1));
    }
  }

  private static void refused(String words, Executable load) {
    String message = assertThrows(IllegalArgumentException.class, load).getMessage();
    assertTrue(message.contains(words), message);
  }
}
