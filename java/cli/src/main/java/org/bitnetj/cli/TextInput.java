package org.bitnetj.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** The text a command works on: an argument, {@code -p}, a file, or standard input. */
final class TextInput {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Parameters(arity = "0..1", paramLabel = "TEXT", description = "The text.")
  private @Nullable String argument;

  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      description = "The text, as an option.")
  private @Nullable String option;

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      description = "Read the text from FILE ('-' is standard input), as it is.")
  private @Nullable Path file;

  /** The text's bytes; standard input if the command line names none. */
  byte[] bytes(Streams streams) throws IOException {
    int given = (argument != null ? 1 : 0) + (option != null ? 1 : 0) + (file != null ? 1 : 0);
    if (given > 1) {
      throw new ParameterException(
          spec.commandLine(), "Give the text once: as an argument, by -p, or by -f.");
    }
    if (argument != null) {
      return argument.getBytes(StandardCharsets.UTF_8);
    }
    if (option != null) {
      return option.getBytes(StandardCharsets.UTF_8);
    }
    if (file != null && !file.toString().equals("-")) {
      return Files.readAllBytes(file);
    }
    return streams.in().readAllBytes();
  }
}
