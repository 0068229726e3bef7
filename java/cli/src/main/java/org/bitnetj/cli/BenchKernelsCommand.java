package org.bitnetj.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.bitnetj.bench.KernelBenchmark;
import org.bitnetj.bench.KernelPage;
import org.bitnetj.bench.KernelReport;
import org.bitnetj.kernel.KernelTier;
import org.bitnetj.option.LayoutOptions;
import org.bitnetj.parallel.ThreadTeam;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bitnet bench kernels}: Java against native code, operation by operation. */
@Command(
    name = "kernels",
    description = {
      "Times the kernels of every tier that runs here, beside the machine's own speed.",
      "",
      "The machine's own speed of reading or multiplying is measured right before each sample of a"
          + " kernel, and after a long one too, multiplying by the instructions of the kernel's"
          + " tier. A share compares the two; the median of the rounds is shown. The best samples"
          + " by the best instructions are the roofs of the roofline.",
      "",
      "The first lines are the conclusion: how many times as fast as the fastest Java kernels each"
          + " native tier is. One run takes about a minute. --page writes bars and a roofline to"
          + " one HTML page that needs no other file."
    },
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet bench kernels",
      "  bitnet bench kernels -t 1 --kernels avx2,avx512 --format csv",
      "  bitnet bench kernels --operations gemv,attention",
      "  bitnet bench kernels --page kernels.html"
    })
final class BenchKernelsCommand implements Callable<Integer> {
  private static final int MOST_THREADS = 1024;
  private static final int MOST_ROUNDS = 1000;

  @ParentCommand private BenchCommand bench;
  @Spec private CommandSpec spec;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      split = ",",
      description = "Threads that compute. Default: 1, and one for each processor.")
  private List<Integer> threads = Stream.of(1, ThreadTeam.defaultThreads()).distinct().toList();

  @Option(
      names = {"-r", "--rounds"},
      paramLabel = "N",
      description = "How often everything is timed. Default: ${DEFAULT-VALUE}.")
  private int rounds = 9;

  @Option(
      names = "--kernels",
      paramLabel = "TIER",
      split = ",",
      description = "Kernel tiers. Default: all that run here.")
  private List<String> kernels = List.of();

  @Option(
      names = "--operations",
      paramLabel = "WORDS",
      split = ",",
      description =
          "Only operations whose names have these words in them, as in 'gemm' or 'from memory'."
              + " Default: all.")
  private List<String> operations = List.of();

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "${COMPLETION-CANDIDATES}. Default: md.")
  private BenchCommand.Format format = BenchCommand.Format.md;

  @Mixin private OutputOption output;

  @Option(names = "--page", paramLabel = "FILE", description = "Write an HTML page with charts.")
  private @Nullable Path page;

  @Mixin private HelpOption help;

  @Override
  public Integer call() throws IOException {
    check();
    Streams streams = bench.streams();
    // Files are opened first: a minute of measuring must not end in a folder that is not there.
    try (Result result = output.open(streams, LayoutOptions.none());
        ResultFile file = page == null ? null : output.create(page, LayoutOptions.none())) {
      KernelReport report;
      try (ProgressLine progress = new ProgressLine(streams);
          KernelBenchmark benchmark =
              new KernelBenchmark(
                  kernels,
                  threads,
                  rounds,
                  operations,
                  BitnetCommand.line(spec),
                  text -> progress.update(() -> text))) {
        report = benchmark.run();
      }
      result
          .out()
          .print(
              switch (format) {
                case md -> report.markdown();
                case csv -> report.csv();
                case json -> report.json();
              });
      result.commit();
      if (file != null) {
        String html = new KernelPage(report).html();
        file.write(ByteBuffer.wrap(html.getBytes(StandardCharsets.UTF_8)));
        file.commit();
      }
    }
    return 0;
  }

  private void check() {
    BenchCommand.refuseOptionsBefore(spec);
    if (threads.isEmpty()
        || threads.stream().anyMatch(t -> t < 1 || t > MOST_THREADS)
        || threads.stream().distinct().count() < threads.size()) {
      throw misuse("Threads (-t) must be different numbers from 1 to " + MOST_THREADS + ".");
    }
    if (rounds < 1 || rounds > MOST_ROUNDS) {
      throw misuse("Rounds (-r) must be from 1 to " + MOST_ROUNDS + ", not " + rounds + ".");
    }
    for (String label : kernels) {
      if (KernelTier.ofLabel(label).isEmpty()) {
        throw misuse("Unknown kernels '" + label + "'; choose among " + KernelTier.labels() + ".");
      }
    }
    try {
      KernelBenchmark.check(operations);
    } catch (IllegalArgumentException e) {
      throw misuse(e.getMessage());
    }
    if (kernels.stream().map(KernelTier::ofLabel).distinct().count() < kernels.size()) {
      throw misuse("Give each value of --kernels once.");
    }
  }

  private ParameterException misuse(String sentence) {
    return new ParameterException(spec.commandLine(), sentence);
  }
}
