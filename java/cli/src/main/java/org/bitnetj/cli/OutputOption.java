package org.bitnetj.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.bitnetj.option.LayoutOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Where a result goes: to a file, or to standard output. */
final class OutputOption {
  /** Names of forms, which some programs take by -o. */
  private static final Set<String> FORMATS = Set.of("md", "csv", "json", "jsonl", "text", "npy");

  private static final String STANDARD_OUTPUT = "-";

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description =
          "Write the result to FILE, which appears when it is complete; '-' is standard output."
              + " Default: standard output.")
  private @Nullable Path output;

  @Mixin private ForceOption force;

  /** The file that is named, if it is not standard output. */
  Optional<Path> file() {
    return Optional.ofNullable(output).filter(o -> !o.toString().equals(STANDARD_OUTPUT));
  }

  /** Whether the command line says where the result goes. */
  boolean isGiven() {
    return output != null;
  }

  /**
   * Begins the result, so that a file that cannot be written is refused before anything is
   * computed.
   *
   * @param inputs what may not be replaced
   * @throws Failures.Failure if a file cannot be written, or exists and is not to be replaced
   */
  Result open(Streams streams, LayoutOptions layouts, Path... inputs) {
    return open(streams, false, layouts, inputs);
  }

  /**
   * Like {@link #open}, but a regular file gets nothing before {@link Result#commit}: for a result
   * that a signal cuts short, which takes a file that is begun away while the command still writes.
   */
  Result openWhole(Streams streams, LayoutOptions layouts, Path... inputs) {
    return open(streams, true, layouts, inputs);
  }

  private Result open(Streams streams, boolean whole, LayoutOptions layouts, Path... inputs) {
    Optional<Path> file = file();
    if (file.isEmpty()) {
      return new Result(streams);
    }
    String named = file.get().toString();
    String format = named.toLowerCase(Locale.ROOT);
    if (spec.findOption("--format") != null && FORMATS.contains(format)) {
      throw new ParameterException(
          spec.commandLine(),
          "-o names a file, and '%1$s' is a format, which %2$s; a file of that name is ./%1$s."
              .formatted(
                  named,
                  UsageErrors.format(spec, format)
                      .map(chosen -> "--format " + chosen + " chooses")
                      .orElse("this command does not have")));
    }
    return new Result(streams, force.create(file.get(), layouts, inputs), whole);
  }

  /** Like {@link #open}, for binary results; refuses a terminal. */
  Result openBinary(Streams streams, LayoutOptions layouts, Path... inputs) {
    if (file().map(Streams::isTerminal).orElseGet(() -> streams.isTerminal(Streams.Standard.OUT))) {
      throw new ParameterException(
          spec.commandLine(),
          "The result is no text for a terminal; name a file by -o, or send it to a pipe.");
    }
    return open(streams, layouts, inputs);
  }

  /** A file beside the result. */
  ResultFile create(Path other, LayoutOptions layouts, Path... inputs) {
    return force.create(other, layouts, inputs);
  }
}
