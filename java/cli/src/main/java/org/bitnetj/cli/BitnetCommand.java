package org.bitnetj.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitnetj.bench.Build;
import org.bitnetj.kernel.selection.KernelSelection;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
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
    commandListHeading = "",
    footer = {
      "",
      "Examples:",
      "  bitnet run \"Once upon a time\"",
      "  bitnet chat -m 2b4t",
      "  bitnet inspect -m model.gguf",
      "",
      "Without -m, the small model that ships with bitnet.java is used. A model may be a file, a"
          + " folder, or a name on the Hugging Face hub (see 'bitnet pull --help').",
      "",
      "Results go to standard output, everything else to standard error. Exit codes: 0 all went"
          + " well, 1 something failed, 2 the command line is wrong, 130 interrupted by Ctrl-C."
    })
public final class BitnetCommand implements Runnable {
  /** The subcommands in the order of the help. */
  private static final Map<String, Supplier<Object>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("run", RunCommand::new);
    COMMANDS.put("chat", ChatCommand::new);
    COMMANDS.put("serve", ServeCommand::new);
    COMMANDS.put("pull", PullCommand::new);
    COMMANDS.put("list", ListCommand::new);
    COMMANDS.put("rm", RmCommand::new);
    COMMANDS.put("cache", CacheCommand::new);
    COMMANDS.put("logits", LogitsCommand::new);
    COMMANDS.put("perplexity", PerplexityCommand::new);
    COMMANDS.put("embed", EmbedCommand::new);
    COMMANDS.put("tokenize", TokenizeCommand::new);
    COMMANDS.put("detokenize", DetokenizeCommand::new);
    COMMANDS.put("inspect", InspectCommand::new);
    COMMANDS.put("convert", ConvertCommand::new);
    COMMANDS.put("synth", SynthCommand::new);
    COMMANDS.put("bench", BenchCommand::new);
    COMMANDS.put("doctor", DoctorCommand::new);
    COMMANDS.put("completion", CompletionCommand::new);
    COMMANDS.put("help", HelpCommand::new);
  }

  /** Columns of help that goes to a file or a pipe. */
  private static final int HELP_WIDTH = 80;

  /** Those that load a model. */
  private static final Set<String> COMPUTING =
      Set.of("run", "chat", "serve", "logits", "perplexity", "embed");

  private final Streams streams;
  @Spec private CommandSpec spec;

  BitnetCommand(Streams streams) {
    this.streams = streams;
  }

  public static void main(String[] args) {
    // To read what commands look like takes as long as to link the native library.
    if (args.length > 0 && COMPUTING.contains(args[0]) && !asksForKernels(args)) {
      KernelSelection.prepare();
    }
    int code = execute(Streams.ofProcess(), args);
    // Threads that read a terminal or wait for work must not keep the process alive.
    System.exit(code);
  }

  private static boolean asksForKernels(String... args) {
    return Arrays.stream(args).anyMatch(arg -> arg.startsWith("--kernels"));
  }

  /** Runs a command line; the exit code. */
  static int execute(Streams streams, String... args) {
    Failures failures = new Failures(streams);
    try {
      refuseMangled(args);
      // Help and version go here first: picocli would print a failure to write them itself.
      StringWriter help = new StringWriter();
      CommandLine commandLine = commandLine(streams, args);
      if (!streams.terminals().obeyCodes()) {
        commandLine.setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF));
      }
      int code =
          commandLine
              .setHelpFactory(GroupedHelp::new)
              .setUsageHelpWidth(helpWidth(streams, args))
              .setOut(new PrintWriter(help))
              .setErr(new PrintWriter(streams.err(), true))
              .setCaseInsensitiveEnumValuesAllowed(true)
              .setExpandAtFiles(false) // a prompt may begin with @
              .setParameterExceptionHandler(failures)
              .setExecutionExceptionHandler(failures)
              .execute(args);
      try {
        streams.out().write(help.toString().getBytes(StandardCharsets.UTF_8)).flush();
      } catch (Output.Closed e) {
        return code;
      }
      return code;
    } catch (RuntimeException | Error e) {
      return failures.handle(e);
    }
  }

  /** The terminal's width, where help is asked for and goes to one. */
  private static int helpWidth(Streams streams, String... args) {
    boolean asked =
        Arrays.stream(args).anyMatch(a -> a.equals("help") || a.equals("--help") || a.equals("-h"));
    return asked && streams.isTerminal(Streams.Standard.OUT)
        ? TerminalWidth.columns().orElse(HELP_WIDTH)
        : HELP_WIDTH;
  }

  /** Reading what a command looks like takes time, so where one is named the others stay out. */
  static CommandLine commandLine(Streams streams, String... args) {
    CommandLine commandLine = new CommandLine(new BitnetCommand(streams));
    String named = args.length > 0 && !args[0].equals("help") ? args[0] : "";
    Supplier<Object> only = COMMANDS.get(named);
    if (only != null) {
      return commandLine.addSubcommand(named, only.get());
    }
    COMMANDS.forEach((name, command) -> commandLine.addSubcommand(name, command.get()));
    return commandLine;
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

  /** The command line that a command was called by, so that a POSIX shell would read it again. */
  static String line(CommandSpec command) {
    return Stream.concat(
            Stream.of(command.root().name()),
            command.root().commandLine().getParseResult().originalArgs().stream())
        .map(arg -> arg.matches("[\\w@%+=:,./-]+") ? arg : "'" + arg.replace("'", "'\\''") + "'")
        .collect(Collectors.joining(" "));
  }

  Streams streams() {
    return streams;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Name a command.");
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"bitnet.java " + Build.here()};
    }
  }
}
