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
  /** Among the candidates of what may also be a file, which picocli offers in place of others. */
  static final String FILES = "<file>";

  /** Ends the script by functions in the place of picocli's. */
  private static final String WITH_FILES =
      """

      # Offers its arguments that begin like the current word; for '%1$s', files.
      function compReplyArray() {
        local word="${COMP_WORDS[COMP_CWORD]}"
        local IFS=$'\n'
        local argument
        for argument in "$@"; do
          if [[ "$argument" = '%1$s' ]]; then
            compgen -f -- "$word"
          else
            compgen -W "$argument" -- "$word"
          fi
        done
      }

      # Completes as picocli does, and has the shell mark folders where files are offered.
      function _bitnet() {
        _complete_bitnet "$@"
        local result=$?
        local offered
        for offered in "${COMPREPLY[@]}"; do
          if [[ -e "$offered" ]]; then
            type compopt &>/dev/null && compopt -o filenames
            break
          fi
        done
        return $result
      }
      complete -F _bitnet -o default bitnet bitnet.sh bitnet.bash
      """
          .formatted(FILES);

  @ParentCommand private BitnetCommand bitnet;
  @Mixin private HelpOption help;

  @Override
  public Integer call() {
    String script = AutoComplete.bash("bitnet", BitnetCommand.commandLine(bitnet.streams()));
    bitnet.streams().out().print(script + WITH_FILES);
    return 0;
  }
}
