package org.bitnetj.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitnetj.bench.Build;
import picocli.CommandLine;

/** Writes what a release has besides the jars: scripts by which shells complete, and man pages. */
final class ReleaseFiles {
  private ReleaseFiles() {}

  /**
   * Writes {@code completions/} and {@code man/man1/}.
   *
   * @param args the folder for them
   */
  public static void main(String[] args) throws IOException {
    write(Path.of(args[0]));
  }

  static void write(Path folder) throws IOException {
    CommandLine program = BitnetCommand.commandLine(nowhere());
    Path completions = Files.createDirectories(folder.resolve("completions"));
    for (CompletionCommand.Shell shell : CompletionCommand.Shell.values()) {
      Files.writeString(
          completions.resolve("bitnet." + shell), CompletionCommand.script(shell, program));
    }
    Path pages = Files.createDirectories(folder.resolve("man/man1"));
    writePage(pages, program);
    for (CommandLine command : program.getSubcommands().values()) {
      if (!command.getCommandName().equals("help")) {
        writePage(pages, command);
      }
    }
  }

  private static void writePage(Path pages, CommandLine command) throws IOException {
    Files.writeString(
        pages.resolve(ManPage.name(command) + ".1"),
        ManPage.of(command, "bitnet.java " + Build.here()),
        StandardCharsets.UTF_8);
  }

  private static Streams nowhere() {
    return new Streams(
        InputStream.nullInputStream(), new Output(System.out, false), System.err, s -> false);
  }
}
