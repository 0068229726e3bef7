package org.bitnetj.cli;

import java.util.concurrent.Callable;
import java.util.regex.Pattern;
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
  /** Where the script completes a model, which picocli takes for one of the short names alone. */
  private static final Pattern MODELS =
      Pattern.compile(
          "( *)(COMPREPLY=\\( |positionals=)\\$\\( (compReplyArray"
              + " \"\\$\\{(?:MODEL|SRC)_\\w+\\[@]}\") \\)");

  private static final String MODELS_AND_FILES =
      "$1type compopt &>/dev/null && compopt -o filenames\n"
          + "$1$2\\$( $3; compgen -f -- \"\\${curr_word}\" )";

  @ParentCommand private BitnetCommand bitnet;
  @Mixin private HelpOption help;

  @Override
  public Integer call() {
    String script = AutoComplete.bash("bitnet", BitnetCommand.commandLine(bitnet.streams()));
    bitnet.streams().out().print(MODELS.matcher(script).replaceAll(MODELS_AND_FILES));
    return 0;
  }
}
