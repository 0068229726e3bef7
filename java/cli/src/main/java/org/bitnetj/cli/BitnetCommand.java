package org.bitnetj.cli;

import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code bitnet} command and its entry point. */
@Command(
    name = "bitnet",
    description = "Runs ternary (1.58-bit, BitNet b1.58) language models on the CPU.",
    mixinStandardHelpOptions = true,
    versionProvider = BitnetCommand.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      TokenizeCommand.class,
      DetokenizeCommand.class,
      InspectCommand.class,
      CommandLine.HelpCommand.class
    },
    footer = {
      "",
      "Examples:",
      "  bitnet run \"Once upon a time\"",
      "  bitnet chat -m ggml-model-i2_s.gguf",
      "  bitnet inspect -m ggml-model-i2_s.gguf",
      "",
      "Without -m, the small model that ships with bitnet.java is used."
    })
public final class BitnetCommand implements Runnable {
  private final Streams streams;
  @Spec private CommandSpec spec;

  BitnetCommand(Streams streams) {
    this.streams = streams;
  }

  public static void main(String[] args) {
    int code = execute(Streams.ofProcess(), args);
    // Threads that read a terminal or wait for work must not keep the process alive.
    System.exit(code);
  }

  /** Runs a command line; the exit code. */
  static int execute(Streams streams, String... args) {
    CommandLine command =
        new CommandLine(new BitnetCommand(streams))
            .setOut(new PrintWriter(streams.out().stream(), true))
            .setErr(new PrintWriter(streams.err(), true))
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setExecutionExceptionHandler(new Failures(streams));
    int code = command.execute(args);
    try {
      streams.out().flush();
    } catch (Output.Closed e) {
      return code;
    } catch (RuntimeException e) {
      streams.err().println("bitnet: " + e.getMessage());
      return CommandLine.ExitCode.SOFTWARE;
    }
    return code;
  }

  Streams streams() {
    return streams;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Name a command.");
  }

  /** The version the build wrote into the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = BitnetCommand.class.getPackage().getImplementationVersion();
      return new String[] {"bitnet.java " + Optional.ofNullable(version).orElse("(unpackaged)")};
    }
  }
}
