package org.bitnetj.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
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
      RunCommand.class,
      ChatCommand.class,
      LogitsCommand.class,
      TokenizeCommand.class,
      DetokenizeCommand.class,
      InspectCommand.class,
      SynthCommand.class,
      BenchCommand.class,
      DoctorCommand.class,
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
    Failures failures = new Failures(streams);
    try {
      refuseMangled(args);
      // Help and version go here first: picocli would print a failure to write them itself.
      StringWriter help = new StringWriter();
      int code =
          new CommandLine(new BitnetCommand(streams))
              .setOut(new PrintWriter(help))
              .setErr(new PrintWriter(streams.err(), true))
              .setCaseInsensitiveEnumValuesAllowed(true)
              .setParameterExceptionHandler(failures)
              .setExecutionExceptionHandler(failures)
              .execute(args);
      try {
        streams.out().print(help.toString()).flush();
      } catch (Output.Closed e) {
        return code;
      }
      return code;
    } catch (RuntimeException | Error e) {
      return failures.handle(e);
    }
  }

  /**
   * Java reads arguments in the locale's encoding; what that cannot say is lost before we see it.
   */
  private static void refuseMangled(String... args) {
    String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
    for (String arg : args) {
      if (arg.indexOf('\uFFFD') >= 0 && !encoding.equals("UTF-8")) {
        throw new Failures.Failure(
            "the locale's encoding ("
                + encoding
                + ") cannot carry the arguments; set LC_ALL=C.UTF-8, or give the text by -f.");
      }
    }
  }

  Streams streams() {
    return streams;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Name a command.");
  }

  /** The version the build wrote into the jar. */
  static String version() {
    String version = BitnetCommand.class.getPackage().getImplementationVersion();
    return Optional.ofNullable(version).orElse("(unpackaged)");
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"bitnet.java " + version()};
    }
  }
}
