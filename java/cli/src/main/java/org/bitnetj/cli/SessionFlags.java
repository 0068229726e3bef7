package org.bitnetj.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a session with a model is held: what is remembered, and what becomes of a full context. */
final class SessionFlags {
  @Option(
      names = "--context-shift",
      negatable = true,
      fallbackValue = "true",
      description =
          "In a chat whose context is full drop the oldest messages, which is said, and go on."
              + " Default: done by 'chat', not by 'run'.")
  private @Nullable Boolean shift;

  @Option(names = "--no-history", description = "Do not remember what is typed.")
  private boolean noHistory;

  /** Whether the oldest messages are dropped. */
  boolean shifts(boolean otherwise) {
    return shift == null ? otherwise : shift;
  }

  /** Whether a person sits at a terminal who can type and see answers. */
  static boolean isPossible(Streams streams) {
    return streams.isTerminal(Streams.Standard.IN) && streams.isTerminal(Streams.Standard.OUT);
  }

  /**
   * What the user types at the terminal.
   *
   * @param commands what the tab key completes
   */
  Messages typed(Streams streams, List<String> commands) throws IOException {
    return new TypedMessages(
        TerminalBuilder.builder().name("bitnet").encoding(StandardCharsets.UTF_8).build(),
        noHistory ? Optional.empty() : history(streams),
        commands);
  }

  /** The file of what was typed, which only the user can read. */
  private static Optional<Path> history(Streams streams) {
    Optional<Path> folder = StateFolder.find();
    try {
      if (folder.isPresent() && !Files.isDirectory(folder.get())) {
        Files.createDirectories(folder.get());
        if (folder.get().getFileSystem().supportedFileAttributeViews().contains("posix")) {
          Files.setPosixFilePermissions(folder.get(), PosixFilePermissions.fromString("rwx------"));
        }
      }
      Optional<Path> file = folder.map(f -> f.resolve("chat-history"));
      if (file.isPresent()) {
        StateFolder.keepPrivate(file.get());
      }
      return file;
    } catch (IOException e) {
      streams.tell(
          "bitnet: note: what you type is not remembered: cannot use "
              + folder.orElseThrow()
              + ": "
              + Failures.reason(e)
              + ".");
      return Optional.empty();
    }
  }
}
