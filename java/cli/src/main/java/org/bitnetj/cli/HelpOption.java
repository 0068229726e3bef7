package org.bitnetj.cli;

import picocli.CommandLine.Option;

/** {@code --help} of a subcommand; the version is the main command's to tell. */
final class HelpOption {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean requested;
}
