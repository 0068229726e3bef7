package org.bitnetj.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import org.bitnetj.bench.UnusableServerException;
import org.bitnetj.error.ChatTemplateException;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.error.KernelTierException;
import org.bitnetj.error.KvCacheFullException;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.error.NonFiniteException;
import org.bitnetj.error.UnusableLogitsException;
import org.bitnetj.hub.HubException;
import org.bitnetj.memory.MachineMemory;
import org.bitnetj.parallel.ThreadTeam;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns what a command threw into one sentence on standard error and an exit code: 2 for a command
 * line that is wrong whatever the files hold, 1 for everything else.
 */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
  /** A run-time failure whose message is the whole story. */
  static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Failure(String sentence) {
      super(sentence);
    }
  }

  private final Streams streams;

  Failures(Streams streams) {
    this.streams = streams;
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    streams.tell("bitnet: " + UsageErrors.sentence(e, args));
    if (e instanceof UnmatchedArgumentException unmatched) {
      List<String> meant = UsageErrors.suggestions(unmatched);
      if (!meant.isEmpty()) {
        streams.tell("Did you mean " + String.join(" or ", meant) + "?");
      }
    }
    streams.tell("See '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return CommandLine.ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    return handle(e);
  }

  /** Tells what went wrong; the exit code. */
  int handle(Throwable e) {
    if (e instanceof Output.Closed) {
      return CommandLine.ExitCode.OK;
    }
    String sentence = sentence(e);
    if (sentence == null) {
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace));
      streams.tell(
          "bitnet: an unexpected error, please report it:\n" + trace.toString().stripTrailing());
    } else {
      streams.tell("bitnet: " + sentence);
    }
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** One sentence for the user, or null for what should not have happened. */
  static @Nullable String sentence(Throwable e) {
    return switch (e) {
      case Failure f -> f.getMessage();
      case ModelFileException f -> f.getMessage();
      case HubException f -> f.getMessage();
      case UnusableServerException f -> f.getMessage();
      case ContextOverflowException f -> f.getMessage();
      case KvCacheFullException f -> f.getMessage();
      case NonFiniteException f -> f.getMessage();
      case UnusableLogitsException f -> f.getMessage();
      case KernelTierException f -> f.getMessage() + ".";
      case ChatTemplateException f -> f.getMessage();
      case ThreadTeam.StartException f -> f.getMessage();
      case CharacterCodingException f -> "standard input is not UTF-8 text.";
      case FileSystemException f -> f.getFile() + ": " + reason(f) + ".";
      case UncheckedIOException f -> f.getMessage();
      case IllegalArgumentException f when isOfMemoryLimit(f) -> f.getMessage() + ".";
      case IOException f -> "input or output failed: " + reason(f) + ".";
      case OutOfMemoryError f ->
          "there is not enough memory ("
              + f.getMessage()
              + "): a shorter context (-c) or a smaller model needs less.";
      default -> null;
    };
  }

  private static boolean isOfMemoryLimit(IllegalArgumentException e) {
    return String.valueOf(e.getMessage()).startsWith(MachineMemory.LIMIT_PROPERTY);
  }

  /** Why a file could not be read or written, without its name and without full stop. */
  static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException f -> "there is no such file";
      case AccessDeniedException f -> "permission denied";
      case FileSystemException f when f.getReason() != null -> f.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }
}
