package org.bitnetj.cli;

import java.util.List;

/**
 * Runs what a start-up cache is made of: the small model that ships as it is, then packed into the
 * user's cache folder and mapped from there, as large models are. The launcher starts it with a
 * folder for caches of its own and a property that has small models packed.
 */
final class StartupTraining {
  private static final List<List<String>> COMMANDS =
      List.of(
          List.of("run", "--no-cache", "-n", "8", "Once upon a time"),
          List.of("run", "--head", "screened", "-n", "2", "Once upon a time"),
          List.of("run", "--head", "screened", "-n", "8", "Once upon a time"));

  private StartupTraining() {}

  public static void main(String[] args) {
    System.exit(run(Streams.ofProcess()));
  }

  /** The exit code of the first command that fails. */
  static int run(Streams streams) {
    for (List<String> command : COMMANDS) {
      int code = BitnetCommand.execute(streams, command.toArray(String[]::new));
      if (code != 0) {
        return code;
      }
    }
    return 0;
  }
}
