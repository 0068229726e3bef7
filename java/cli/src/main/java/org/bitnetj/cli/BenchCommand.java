package org.bitnetj.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.bitnetj.bench.BenchmarkPlan;
import org.bitnetj.bench.Comparison;
import org.bitnetj.bench.ModelBenchmark;
import org.bitnetj.bench.ModelPage;
import org.bitnetj.bench.ModelReport;
import org.bitnetj.bench.ModelReportWriter;
import org.bitnetj.bench.energy.EnergyMeter;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.kernel.selection.KernelSelection;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.container.ModelContainer;
import org.bitnetj.tensor.AttentionLayer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet bench}: how fast a model is here, and how fast it could be. */
@Command(
    name = "bench",
    description = {
      "Measures prefill (pp) and decode (tg) in tokens per second.",
      "",
      "Tokens are random: each step chooses the most probable next token, but the next step gets a"
          + " random one. Filling the context to a depth is not timed. Decode counts the tokens of"
          + " all its sequences. The machine's read bandwidth and int8 peak are measured before and"
          + " after each repetition, and a share compares the repetition with them; the median"
          + " share is shown. Bytes per token are the weights and cached values read. Where they"
          + " fit the processor's caches, a share may exceed 100 %%. Options with several values,"
          + " separated by commas, are measured in all combinations. Joules are what the whole"
          + " machine's processor packages and DRAM took by the counters of Linux's powercap, as"
          + " they are and less what they took in 2 s of idling before; only root may read these on"
          + " most systems.",
      "",
      "The table has the columns of llama-bench and the share of the bandwidth; --wide, csv and"
          + " json have more. --page writes bars, a roofline and all numbers to one HTML page that"
          + " needs no other file."
    },
    sortOptions = false,
    subcommands = {BenchKernelsCommand.class, BenchServerCommand.class},
    footer = {
      "",
      "Examples:",
      "  bitnet bench -m model.gguf",
      "  bitnet bench -m model.gguf -p 256 -n 64 -t 1,2 -r 3 --page model.html",
      "  bitnet bench -m model.gguf -p 0 -n 32 -d 0,1024 -b 1,4 --format json -o a.json",
      "  bitnet bench --compare before.json after.json",
      "  bitnet bench kernels --page kernels.html",
      "  bitnet bench server --url http://127.0.0.1:8080"
    })
final class BenchCommand implements Callable<Integer> {
  private static final int DEFAULT_PROMPT = 512;
  private static final int DEFAULT_GENERATED = 128;

  enum Format {
    md,
    csv,
    json
  }

  @ParentCommand private BitnetCommand bitnet;
  @Mixin private ModelOption model;
  @Spec private CommandSpec spec;

  @Option(
      names = {"-p", "--prompt-tokens"},
      paramLabel = "N",
      description =
          "Tokens of the prefill, 0 for none. Default: "
              + DEFAULT_PROMPT
              + ", or what the model's context has room for.")
  private @Nullable Integer prompt;

  @Option(
      names = {"-n", "--generated-tokens"},
      paramLabel = "N",
      description =
          "Tokens of the decode, 0 for none. Default: "
              + DEFAULT_GENERATED
              + ", or what the model's context has room for.")
  private @Nullable Integer generated;

  @Option(
      names = {"-d", "--depth"},
      paramLabel = "N",
      split = ",",
      description = "Tokens already in the context. Default: 0.")
  private List<Integer> depths = List.of(0);

  @Option(
      names = {"-b", "--batch"},
      paramLabel = "N",
      split = ",",
      description = "Sequences decoded together. Default: 1.")
  private List<Integer> batches = List.of(1);

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      split = ",",
      description = "Threads that compute. Default: one for each processor.")
  private List<Integer> threads = List.of(ThreadTeam.defaultThreads());

  @Option(
      names = {"-r", "--repetitions"},
      paramLabel = "N",
      description = "How often each test is timed. Default: ${DEFAULT-VALUE}.")
  private int repetitions = 5;

  @Option(
      names = "--step",
      paramLabel = "N",
      description = "Most prompt tokens in a step. Default: ${DEFAULT-VALUE}.")
  private int step = 128;

  @Option(
      names = "--kernels",
      paramLabel = "TIER",
      split = ",",
      description = "Kernel tiers, or auto for the fastest. Default: auto.")
  private List<String> kernels = List.of();

  @Option(
      names = "--cache",
      paramLabel = "TYPE",
      description = "How keys and values are stored: f16 or f32. Default: f16.")
  private AttentionLayer.Type cache = AttentionLayer.Type.F16;

  @Option(
      names = "--sparse",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Let a decode of few sequences skip weights that are multiplied by 0, where that pays"
              + " (the default).")
  private boolean sparse;

  @Option(names = "--from-disk", description = EngineOptions.FROM_DISK)
  private boolean fromDisk;

  @Mixin private HeadOption head;
  @Mixin private ReadingOptions reading;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "${COMPLETION-CANDIDATES}. Default: md.")
  private Format format = Format.md;

  @Mixin private OutputOption output;

  @Option(names = "--wide", description = "Show all columns in the table of md.")
  private boolean wide;

  @Option(names = "--page", paramLabel = "FILE", description = "Write an HTML page with charts.")
  private @Nullable Path page;

  @Option(
      names = "--compare",
      arity = "2",
      paramLabel = "FILE",
      description =
          "Measure nothing, but compare two results that --format json wrote, of bench or of bench"
              + " kernels: how many times as fast the second is, and what else is different.")
  private List<Path> compared = List.of();

  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    if (!compared.isEmpty()) {
      return compare();
    }
    // What is wrong whatever the model holds is said before it is looked at.
    plan(prompt != null ? prompt : 1, generated != null ? generated : 1);
    LayoutOptions layouts = reading.layouts();
    Optional<ActivationScaling> activations = reading.activations();
    Path path = model.path(bitnet.streams());
    int context;
    try (ModelSource file = ModelContainer.open(path, true, layouts)) {
      context = file.spec().contextLength();
    }
    int room = Math.max(1, context - depths.stream().mapToInt(d -> d).max().orElse(0));
    BenchmarkPlan plan =
        plan(
            prompt != null ? prompt : Math.min(DEFAULT_PROMPT, room),
            generated != null ? generated : Math.min(DEFAULT_GENERATED, room));
    // Files are opened first: minutes of measuring must not end in a folder that is not there.
    try (Result result = output.open(bitnet.streams(), layouts, path);
        ResultFile file = page == null ? null : output.create(page, layouts, path)) {
      ModelReport report = measure(path, plan, layouts, activations);
      for (String warning : report.warnings()) {
        bitnet.streams().tell("bitnet: warning: " + warning + ".");
      }
      ModelReportWriter writer = new ModelReportWriter(report);
      result
          .out()
          .print(
              switch (format) {
                case md -> wide ? writer.markdown() : writer.brief();
                case csv -> writer.csv();
                case json -> writer.json();
              });
      result.commit();
      if (file != null) {
        String html = new ModelPage(report).html();
        file.write(ByteBuffer.wrap(html.getBytes(StandardCharsets.UTF_8)));
        file.commit();
      }
    }
    return 0;
  }

  private ModelReport measure(
      Path path, BenchmarkPlan plan, LayoutOptions layouts, Optional<ActivationScaling> activations)
      throws IOException {
    try (ProgressLine progress = new ProgressLine(bitnet.streams());
        EnergyMeter meter = EnergyMeter.ofMachine();
        ModelBenchmark benchmark =
            new ModelBenchmark(
                path,
                plan,
                layouts,
                activations,
                BitnetCommand.line(spec),
                meter,
                text -> progress.update(() -> text))) {
      return benchmark.run();
    }
  }

  private int compare() throws IOException {
    if (compared.size() != 2) {
      throw misuse("Give --compare once, with two files.");
    }
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      String name = option.longestName();
      if (!Set.of("--compare", "--format", "--output", "--force").contains(name)) {
        throw misuse("--compare measures nothing, so that " + name + " has no meaning with it.");
      }
    }
    Comparison comparison = Comparison.of(compared.getFirst(), compared.getLast());
    Path[] inputs = compared.toArray(Path[]::new);
    try (Result result = output.open(bitnet.streams(), LayoutOptions.none(), inputs)) {
      result
          .out()
          .print(
              switch (format) {
                case md -> comparison.markdown();
                case csv -> comparison.csv();
                case json -> comparison.json();
              });
      result.commit();
    }
    return 0;
  }

  Streams streams() {
    return bitnet.streams();
  }

  /** Refuses options of {@code bench} before the name of its subcommand. */
  static void refuseOptionsBefore(CommandSpec subcommand) {
    String name = subcommand.name();
    for (OptionSpec option : subcommand.parent().commandLine().getParseResult().matchedOptions()) {
      throw new ParameterException(
          subcommand.commandLine(),
          option.longestName()
              + " before '"
              + name
              + "' has no meaning; give the options of 'bench "
              + name
              + "' after it.");
    }
  }

  private BenchmarkPlan plan(int promptTokens, int generatedTokens) {
    for (String label : kernels) {
      if (!label.equalsIgnoreCase(KernelSelection.AUTO) && KernelTier.ofLabel(label).isEmpty()) {
        throw misuse(
            "Unknown kernels '"
                + label
                + "'; choose among "
                + KernelSelection.AUTO
                + ", "
                + KernelTier.labels()
                + ".");
      }
    }
    try {
      return new BenchmarkPlan(
          promptTokens,
          generatedTokens,
          depths,
          batches,
          threads,
          kernels,
          repetitions,
          step,
          cache,
          sparse,
          head.mode(),
          fromDisk);
    } catch (IllegalArgumentException e) {
      throw misuse(e.getMessage());
    }
  }

  private ParameterException misuse(String sentence) {
    return new ParameterException(spec.commandLine(), sentence);
  }
}
