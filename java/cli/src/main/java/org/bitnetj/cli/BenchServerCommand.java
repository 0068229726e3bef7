package org.bitnetj.cli;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.concurrent.Callable;
import org.bitnetj.bench.ServerBenchmark;
import org.bitnetj.bench.ServerLoad;
import org.bitnetj.option.LayoutOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet bench server}: how fast a server serves many clients at a time. */
@Command(
    name = "server",
    description = {
      "Measures any server of OpenAI's completions, this one or another, as its clients see it.",
      "",
      "streams: texts decoded at the same time, tokens per second while all of them decode."
          + " clients: time to the first token, and tokens per second, where clients send one"
          + " request after the other. long: the times between tokens of 8 chats, alone and while"
          + " a long prompt is computed. turn: time to the first token of a long prompt, and of"
          + " the same with some tokens more. arrivals: times to the first and to the last token"
          + " where requests come at random times, whether earlier ones have been answered or not.",
      "",
      "Requests are greedy (unless --extra has a temperature), and each prompt is of random token"
          + " ids, so that no cache helps but in the second turn. Times are those at which events"
          + " arrive here. Percentiles are nearest ranks: p99 of less than 100 values is the"
          + " greatest."
    },
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet bench server --url http://127.0.0.1:8080",
      "  bitnet bench server --url http://127.0.0.1:9200 --extra '{\"ignore_eos\":true}'",
      "  bitnet bench server --scenarios streams,long -c 1,8 --stream-tokens 128",
      "  bitnet bench server --scenarios arrivals --rates 0.5,1,2 --arrivals 100",
      "  bitnet bench server --format json -o server.json"
    })
final class BenchServerCommand implements Callable<Integer> {
  @ParentCommand private BenchCommand bench;
  @Spec private CommandSpec spec;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description = "Where the server is, without /v1. Default: ${DEFAULT-VALUE}.")
  private URI url = URI.create("http://127.0.0.1:8080");

  @Option(
      names = "--scenarios",
      paramLabel = "NAME",
      split = ",",
      description = "What to measure. Default: all but arrivals.")
  private List<ServerLoad.Scenario> scenarios =
      List.of(
          ServerLoad.Scenario.STREAMS,
          ServerLoad.Scenario.CLIENTS,
          ServerLoad.Scenario.LONG,
          ServerLoad.Scenario.TURN);

  @Option(
      names = {"-c", "--concurrency"},
      paramLabel = "N",
      split = ",",
      description = "How many streams and clients there are at a time. Default: 1,4,16.")
  private List<Integer> concurrency = List.of(1, 4, 16);

  @Option(
      names = {"-r", "--requests"},
      paramLabel = "N",
      description = "Requests of each client. Default: ${DEFAULT-VALUE}.")
  private int requests = 8;

  @Option(
      names = {"-p", "--prompt-tokens"},
      paramLabel = "N",
      description = "Tokens of the prompts of clients. Default: ${DEFAULT-VALUE}.")
  private int prompt = 128;

  @Option(
      names = {"-n", "--generated-tokens"},
      paramLabel = "N",
      description = "Tokens of answers to clients and in turns. Default: ${DEFAULT-VALUE}.")
  private int generated = 24;

  @Option(
      names = "--stream-tokens",
      paramLabel = "N",
      description = "Tokens of each stream and of a chat alone. Default: ${DEFAULT-VALUE}.")
  private int stream = 64;

  @Option(
      names = "--long-prompt",
      paramLabel = "N",
      description = "Tokens of the prompt beside chats. Default: ${DEFAULT-VALUE}.")
  private int longPrompt = 3000;

  @Option(
      names = "--first-turn",
      paramLabel = "N",
      description = "Tokens of the prompt of the first turn. Default: ${DEFAULT-VALUE}.")
  private int firstTurn = 2000;

  @Option(
      names = "--rates",
      paramLabel = "X",
      split = ",",
      description = "Requests that arrive in a second. Default: 0.2,0.5.")
  private List<Double> rates = List.of(0.2, 0.5);

  @Option(
      names = "--arrivals",
      paramLabel = "N",
      description = "Requests that arrive at each rate. Default: ${DEFAULT-VALUE}.")
  private int arrivals = 40;

  @Option(
      names = "--vocabulary",
      paramLabel = "N",
      description =
          "Random ids are below it, and from 1000 on or, if that is less, from half of it on."
              + " Default: ${DEFAULT-VALUE}.")
  private int vocabulary = 30_000;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "Of the random ids; the same seed finds its own prompts in a server's cache. Default: a"
              + " new one, which the result names.")
  private @Nullable Long seed;

  @Option(
      names = "--extra",
      paramLabel = "JSON",
      description =
          "An object whose members each request has too, as {\"ignore_eos\":true} or"
              + " {\"logit_bias\":{\"2\":-100}} to forbid an end token, or"
              + " {\"temperature\":0.8,\"top_k\":40}.")
  private String extra = "{}";

  enum Format {
    md,
    json
  }

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "${COMPLETION-CANDIDATES}. Default: md.")
  private Format format = Format.md;

  @Mixin private OutputOption output;
  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException, InterruptedException {
    BenchCommand.refuseOptionsBefore(spec);
    Streams streams = bench.streams();
    try (Result result = output.open(streams, LayoutOptions.none());
        ProgressLine progress = new ProgressLine(streams);
        ServerBenchmark benchmark = new ServerBenchmark(load(), BitnetCommand.line(spec))) {
      benchmark.run(
          text -> {
            if (format == Format.md) {
              result.out().print(text).flush();
            }
          },
          text -> progress.update(() -> text));
      if (format == Format.json) {
        result.out().print(benchmark.json());
      }
      result.commit();
    }
    return 0;
  }

  private ServerLoad load() {
    try {
      return new ServerLoad(
          url,
          scenarios,
          concurrency,
          requests,
          prompt,
          generated,
          stream,
          longPrompt,
          firstTurn,
          rates,
          arrivals,
          vocabulary,
          seed != null ? seed : System.nanoTime(),
          extra);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }
}
