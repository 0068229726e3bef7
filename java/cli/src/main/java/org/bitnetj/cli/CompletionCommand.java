package org.bitnetj.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

/** {@code bitnet completion}: lets a shell complete command lines. */
@Command(
    name = "completion",
    description = "Prints a script by which bash and zsh complete bitnet's command lines.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet completion >~/.local/share/bash-completion/completions/bitnet",
      "  source <(bitnet completion)"
    })
final class CompletionCommand implements Callable<Integer> {
  @ParentCommand private BitnetCommand bitnet;
  @Mixin private HelpOption help;

  @Override
  public Integer call() {
    String script = AutoComplete.bash("bitnet", BitnetCommand.commandLine(bitnet.streams()));
    bitnet.streams().out().print(script);
    return 0;
  }
}
