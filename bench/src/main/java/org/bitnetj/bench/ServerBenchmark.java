package org.bitnetj.bench;

import static org.bitnetj.bench.Figures.number;
import static org.bitnetj.bench.Figures.times;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.bitnetj.bench.ServedText.Gap;
import org.jspecify.annotations.Nullable;

/**
 * Measures how fast a server of OpenAI's completions serves many at a time, by what its clients
 * see. For one thread; the clients have threads of their own.
 */
public final class ServerBenchmark implements AutoCloseable {
  /** Tokens of the prompts of streams and chats. */
  private static final int SHORT_PROMPT = 16;

  private static final int CHATS = 8;

  /** Most tokens of a chat beside a long prompt, after whose first token it is ended. */
  private static final int MOST_CHAT_TOKENS = 1024;

  /** Tokens that a second turn has besides the first one's prompt and answer. */
  private static final int NEW_TOKENS = 20;

  /** Ids below it are often those of control tokens and bytes. */
  private static final int LEAST_ID = 1000;

  private final ServerLoad load;
  private final String command;
  private final CompletionClient client;
  private final Random random;

  /**
   * A scenario for programs.
   *
   * @param counts what to know of its tokens
   */
  private record Measured(
      ServerLoad.Scenario scenario,
      Map<String, @Nullable Object> counts,
      List<Map<String, @Nullable Object>> rows) {}

  /** What is the same for all scenarios, by name. */
  private final Map<String, @Nullable Object> common = new LinkedHashMap<>();

  private final List<Measured> measured = new ArrayList<>();

  /** Of the scenario that is measured. */
  private final List<Map<String, @Nullable Object>> rows = new ArrayList<>();

  /** Texts of the scenario that were read to their ends. */
  private final List<ServedText> whole = new ArrayList<>();

  /**
   * @param command the command line that asked for it
   */
  public ServerBenchmark(ServerLoad load, String command) {
    this(load, command, System::nanoTime);
  }

  ServerBenchmark(ServerLoad load, String command, LongSupplier clock) {
    this.load = load;
    this.command = command;
    this.client = new CompletionClient(load.server(), load.extra(), clock);
    this.random = new Random(load.seed());
  }

  /**
   * Measures, after one request that does not count.
   *
   * @param out gets Markdown as soon as it is known: what was measured, a table for each scenario
   * @param progress is told what runs
   * @throws UnusableServerException if a request fails or an answer is not what was asked for
   */
  public void run(Consumer<String> out, Consumer<String> progress) throws InterruptedException {
    BenchmarkRun run = BenchmarkRun.now(1, command);
    progress.accept("asking " + load.server());
    client.complete(prompt(SHORT_PROMPT), load.answerTokens());
    Table facts = new Table("measured", load.server().toString());
    if (!client.software().isEmpty()) {
      facts.row("server", client.software());
    }
    facts.row("model", client.model());
    facts.row("client", "bitnet.java " + run.build() + ", on " + Machine.here().cpu());
    facts.row("measured", run.when()).row("seed", Long.toString(load.seed()));
    out.accept(facts.row("command", command).markdown());
    describe(run);
    measured.clear();
    for (ServerLoad.Scenario scenario : load.scenarios()) {
      whole.clear();
      rows.clear();
      String text =
          switch (scenario) {
            case STREAMS -> streams(progress);
            case CLIENTS -> clients(progress);
            case LONG -> longPrompt(progress);
            case TURN -> turn(progress);
            case ARRIVALS -> arrivals(progress);
          };
      out.accept("\n" + text + counts());
      measured.add(new Measured(scenario, tokenCounts(), List.copyOf(rows)));
    }
  }

  private void describe(BenchmarkRun run) {
    common.clear();
    common.put("version", run.build().version());
    common.put("start", run.start().toString());
    common.putAll(run.origin());
    common.put("cpu", Machine.here().cpu());
    common.put("server", load.server().toString());
    common.put("software", client.software().isEmpty() ? null : client.software());
    common.put("model", client.model().isEmpty() ? null : client.model());
    common.put("seed", load.seed());
    common.put("requests", load.requests());
    common.put("prompt_tokens", load.promptTokens());
    common.put("answer_tokens", load.answerTokens());
    common.put("stream_tokens", load.streamTokens());
    common.put("long_prompt_tokens", load.longPromptTokens());
    common.put("first_turn_tokens", load.turnTokens());
    common.put("arriving_requests", load.arrivals());
    common.put("vocabulary", load.vocabulary());
  }

  private Map<String, @Nullable Object> tokenCounts() {
    Map<String, @Nullable Object> counts = new LinkedHashMap<>();
    counts.put("tokens", tokens());
    counts.put("tokens_counted_by_server", isCounted());
    counts.put("events", events());
    counts.put("drafted_tokens", drafted());
    return counts;
  }

  /** Adds a row of names and values in turns. */
  private void row(Object... namesAndValues) {
    Map<String, @Nullable Object> row = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      Object value = namesAndValues[i + 1];
      row.put((String) namesAndValues[i], value instanceof Double d && d.isNaN() ? null : value);
    }
    rows.add(row);
  }

  /**
   * All that {@link #run} measured as one object: {@code schema} and {@code schema_version}, what
   * is common, and for each scenario an object with its {@code results}.
   */
  public String json() throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      Schema.SERVER.write(json);
      Table.json(json, common);
      for (Measured each : measured) {
        json.writeObjectFieldStart(each.scenario.name().toLowerCase(Locale.ROOT));
        Table.json(json, each.counts);
        Table.json(json, "results", each.rows);
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    return text + "\n";
  }

  private String streams(Consumer<String> progress) throws InterruptedException {
    Table table = new Table("streams", "tokens/s", "of the first row");
    Series rates = new Series();
    for (int streams : load.concurrency()) {
      progress.accept(streams + " streams");
      double rate = ServedText.decodedPerSecond(decode(streams));
      rates.add(rate);
      table.row(Integer.toString(streams), number(rate), times(rate / rates.first()));
      row("streams", streams, "tokens_per_second", rate);
    }
    return table.markdown()
        + Figures.format(
            "\nTexts of %d tokens after prompts of %d; tokens count while all texts of a row"
                + " decode.\n",
            load.streamTokens(), SHORT_PROMPT);
  }

  private String clients(Consumer<String> progress) throws InterruptedException {
    Table table =
        new Table("clients", "requests", "first token p50, s", "first token p99, s", "tokens/s");
    for (int clients : load.concurrency()) {
      progress.accept(clients + " clients");
      List<ServedText> texts =
          together(Stream.generate(this::requests).limit(clients).toList()).stream()
              .flatMap(List::stream)
              .toList();
      whole.addAll(texts);
      Series first = series(texts.stream().map(ServedText::untilFirst));
      table.row(
          Integer.toString(clients),
          Integer.toString(first.count()),
          number(first.percentile(50)),
          number(first.percentile(99)),
          number(ServedText.servedPerSecond(texts)));
      row(
          "clients",
          clients,
          "requests",
          first.count(),
          "first_token_seconds_p50",
          first.percentile(50),
          "first_token_seconds_p99",
          first.percentile(99),
          "tokens_per_second",
          ServedText.servedPerSecond(texts));
    }
    return table.markdown()
        + Figures.format(
            "\nPrompts of %d tokens, answers of %d. A client sends a request when its last one has"
                + " been answered.\n",
            load.promptTokens(), load.answerTokens());
  }

  /** What one client sends, one after the other. */
  private Callable<List<ServedText>> requests() {
    List<int[]> prompts = prompts(load.requests(), load.promptTokens());
    return () -> {
      List<ServedText> texts = new ArrayList<>();
      for (int[] prompt : prompts) {
        texts.add(client.complete(prompt, load.answerTokens()));
      }
      return texts;
    };
  }

  private String longPrompt(Consumer<String> progress) throws InterruptedException {
    progress.accept(CHATS + " chats");
    List<ServedText> alone = decode(CHATS);
    Gap all = ServedText.allDecode(alone);
    Series undisturbed =
        series(alone.stream().flatMap(ServedText::gaps).filter(gap -> gap.isWithin(all)));
    progress.accept(CHATS + " chats beside a long prompt");
    List<ServedText> chats = new ArrayList<>(chatsBesidePrompt());
    Gap computing = chats.removeLast().untilFirst();
    Series beside =
        series(chats.stream().flatMap(ServedText::gaps).filter(gap -> gap.overlaps(computing)));
    Table table =
        new Table(CHATS + " chats", "gaps", "p50, ms", "p99, ms", "p50 of alone", "p99 of alone");
    for (Series gaps : List.of(undisturbed, beside)) {
      table.row(
          gaps == beside ? "while a prompt is computed" : "alone",
          Integer.toString(gaps.count()),
          number(gaps.percentile(50) * 1e3),
          number(gaps.percentile(99) * 1e3),
          times(gaps.percentile(50) / undisturbed.percentile(50)),
          times(gaps.percentile(99) / undisturbed.percentile(99)));
      row(
          "chats",
          CHATS,
          "beside_long_prompt",
          gaps == beside,
          "gaps",
          gaps.count(),
          "gap_seconds_p50",
          gaps.percentile(50),
          "gap_seconds_p99",
          gaps.percentile(99),
          "long_prompt_first_token_seconds",
          computing.seconds());
    }
    long ended = chats.stream().filter(chat -> chat.last() < computing.end()).count();
    return table.markdown()
        + Figures.format(
            "\nGaps are the times from one token of a chat to its next. The prompt of %d tokens had"
                + " its first token after %s s.\n",
            load.longPromptTokens(), number(computing.seconds()))
        + (ended == 0 ? "" : ended + " of the chats had ended before.\n");
  }

  /** Chats that go on until a long prompt has its first token; the prompt's text is the last. */
  private List<ServedText> chatsBesidePrompt() throws InterruptedException {
    CountDownLatch decoding = new CountDownLatch(CHATS);
    AtomicLong first = new AtomicLong(Long.MAX_VALUE);
    int most = Math.min(MOST_CHAT_TOKENS, load.longPromptTokens());
    List<Callable<ServedText>> requests = new ArrayList<>();
    for (int[] prompt : prompts(CHATS, SHORT_PROMPT)) {
      AtomicBoolean begun = new AtomicBoolean();
      LongPredicate untilThen =
          now -> {
            if (begun.compareAndSet(false, true)) {
              decoding.countDown();
            }
            return now <= first.get();
          };
      requests.add(() -> client.complete(prompt, most, untilThen));
    }
    int[] prompt = prompt(load.longPromptTokens());
    LongPredicate onlyFirst =
        now -> {
          first.set(now);
          return false;
        };
    requests.add(
        () -> {
          decoding.await();
          return client.complete(prompt, load.answerTokens(), onlyFirst);
        });
    return together(requests);
  }

  private String turn(Consumer<String> progress) throws InterruptedException {
    progress.accept("a chat of two turns");
    Table table = new Table("turn", "prompt tokens", "cached", "first token, s");
    // OpenAI's API gives an answer as text, not as tokens: others stand for them.
    int[] prompt = prompt(load.turnTokens() + load.answerTokens() + NEW_TOKENS);
    int[] begin = Arrays.copyOf(prompt, load.turnTokens());
    for (int[] turn : List.of(begin, prompt)) {
      ServedText text = client.complete(turn, load.answerTokens());
      whole.add(text);
      table.row(
          turn == begin ? "first" : "second",
          Integer.toString(turn.length),
          text.cached() == ServedText.UNKNOWN ? Figures.UNKNOWN : Integer.toString(text.cached()),
          number(text.untilFirst().seconds()));
      row(
          "turn",
          turn == begin ? 1 : 2,
          "prompt_tokens",
          turn.length,
          "cached_tokens",
          text.cached() == ServedText.UNKNOWN ? Double.NaN : (Object) text.cached(),
          "first_token_seconds",
          text.untilFirst().seconds());
    }
    return table.markdown()
        + Figures.format(
            "\nThe second prompt is the first one, %d tokens in the place of its answer, and %d"
                + " more.\n",
            load.answerTokens(), NEW_TOKENS);
  }

  /** Requests at random times, as many a second on average: a Poisson process. */
  private String arrivals(Consumer<String> progress) throws InterruptedException {
    Table table =
        new Table(
            "requests/s",
            "requests",
            "most at a time",
            "first token p50, s",
            "first token p99, s",
            "answer p50, s",
            "answer p99, s",
            "tokens/s");
    for (double rate : load.rates()) {
      progress.accept(number(rate) + " requests per second");
      List<Callable<ServedText>> requests = new ArrayList<>();
      long start = System.nanoTime();
      for (double at : load.arrivalTimes(rate)) {
        long due = start + (long) (at * 1e9);
        int[] prompt = prompt(load.promptTokens());
        requests.add(
            () -> {
              TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
              return client.complete(prompt, load.answerTokens());
            });
      }
      List<ServedText> texts = together(requests);
      whole.addAll(texts);
      Series first = series(texts.stream().map(ServedText::untilFirst));
      Series answer = series(texts.stream().map(ServedText::untilLast));
      table.row(
          number(rate),
          Integer.toString(first.count()),
          Integer.toString(ServedText.mostAtATime(texts)),
          number(first.percentile(50)),
          number(first.percentile(99)),
          number(answer.percentile(50)),
          number(answer.percentile(99)),
          number(ServedText.servedPerSecond(texts)));
      row(
          "requests_per_second", rate,
          "requests", first.count(),
          "most_at_a_time", ServedText.mostAtATime(texts),
          "first_token_seconds_p50", first.percentile(50),
          "first_token_seconds_p99", first.percentile(99),
          "answer_seconds_p50", answer.percentile(50),
          "answer_seconds_p99", answer.percentile(99),
          "tokens_per_second", ServedText.servedPerSecond(texts));
    }
    return table.markdown()
        + Figures.format(
            "\nPrompts of %d tokens, answers of %d. Requests come at random times (a Poisson"
                + " process), whether earlier ones have been answered or not.\n",
            load.promptTokens(), load.answerTokens());
  }

  /** What to know of the scenario's tokens; empty if each was computed and came by itself. */
  private String counts() {
    int tokens = tokens();
    int events = events();
    int drafted = drafted();
    String text = "";
    if (!isCounted()) {
      text = "The server does not count tokens: each event counts as one.\n";
    } else if (tokens != events) {
      text =
          Figures.format(
              "%d tokens came in %d events, as where a character has several tokens. Tokens per"
                  + " second count tokens; first tokens and gaps are those of events.\n",
              tokens, events);
    }
    return drafted == 0
        ? text
        : text
            + Figures.format(
                "%d of %d tokens were guessed by the server's drafts, which repeated texts make"
                    + " easy.\n",
                drafted, tokens);
  }

  private int tokens() {
    return whole.stream().mapToInt(ServedText::count).sum();
  }

  private int events() {
    return whole.stream().mapToInt(text -> text.arrivals().length).sum();
  }

  private int drafted() {
    return whole.stream().mapToInt(ServedText::drafted).sum();
  }

  /** Whether the server counts tokens. */
  private boolean isCounted() {
    return whole.stream().noneMatch(text -> text.tokens() == ServedText.UNKNOWN);
  }

  /** Texts that decode at the same time. */
  private List<ServedText> decode(int streams) throws InterruptedException {
    List<Callable<ServedText>> requests = new ArrayList<>();
    for (int[] prompt : prompts(streams, SHORT_PROMPT)) {
      requests.add(() -> client.complete(prompt, load.streamTokens()));
    }
    List<ServedText> texts = together(requests);
    whole.addAll(texts);
    return texts;
  }

  /** Runs all at the same time; the first failure ends the others. */
  private static <T> List<T> together(List<Callable<T>> tasks) throws InterruptedException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      ExecutorCompletionService<T> ended = new ExecutorCompletionService<>(threads);
      List<Future<T>> results = tasks.stream().map(ended::submit).toList();
      try {
        for (int i = 0; i < results.size(); i++) {
          ended.take().get();
        }
      } catch (ExecutionException e) {
        throw e.getCause() instanceof UnusableServerException failure
            ? failure
            : new IllegalStateException(e.getCause());
      } finally {
        threads.shutdownNow();
      }
      return results.stream().map(Future::resultNow).toList();
    }
  }

  private List<int[]> prompts(int count, int tokens) {
    return Stream.generate(() -> prompt(tokens)).limit(count).toList();
  }

  /** Random ids. */
  private int[] prompt(int tokens) {
    int least = Math.min(LEAST_ID, load.vocabulary() / 2);
    return random.ints(tokens, least, load.vocabulary()).toArray();
  }

  private static Series series(Stream<Gap> times) {
    Series series = new Series();
    times.forEach(time -> series.add(time.seconds()));
    return series;
  }

  @Override
  public void close() {
    client.close();
  }
}
