package org.bitnetj.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.bitnetj.file.ModelFileException;
import org.bitnetj.model.ContextOverflowException;
import org.bitnetj.model.NonFiniteException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** Turns what a command threw into one sentence on standard error and an exit code. */
final class Failures implements IExecutionExceptionHandler {
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
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    if (e instanceof Output.Closed) {
      return CommandLine.ExitCode.OK;
    }
    String sentence = sentence(e);
    if (sentence == null) {
      streams.err().println("bitnet: an unexpected error, please report it:");
      e.printStackTrace(streams.err());
    } else {
      streams.err().println("bitnet: " + sentence);
    }
    return CommandLine.ExitCode.SOFTWARE;
  }

  private static @Nullable String sentence(Exception e) {
    return switch (e) {
      case Failure f -> f.getMessage();
      case ModelFileException f -> f.getMessage();
      case ContextOverflowException f -> f.getMessage();
      case NonFiniteException f -> f.getMessage();
      case NoSuchFileException f -> f.getFile() + ": there is no such file.";
      case AccessDeniedException f -> f.getFile() + ": permission denied.";
      case FileSystemException f -> f.getFile() + ": " + f.getReason() + ".";
      case UncheckedIOException f -> f.getMessage();
      case IOException f -> f.getMessage();
      default -> null;
    };
  }
}
