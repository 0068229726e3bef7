package org.bitnetj.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code bitnet completion}: lets a shell complete command lines. */
@Command(
    name = "completion",
    description = "Prints a script by which bash, zsh or fish complete bitnet's command lines.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  bitnet completion >~/.local/share/bash-completion/completions/bitnet",
      "  source <(bitnet completion)",
      "  bitnet completion fish >~/.config/fish/completions/bitnet.fish"
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

  /** The shells that there is a script for. */
  enum Shell {
    bash,
    zsh,
    fish
  }

  @Parameters(
      arity = "0..1",
      paramLabel = "[SHELL]",
      hideParamSyntax = true,
      defaultValue = "bash",
      description =
          "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}, whose script zsh reads too.")
  private Shell shell;

  @ParentCommand private BitnetCommand bitnet;
  @Mixin private HelpOption help;

  @Override
  public Integer call() {
    Streams streams = bitnet.streams();
    streams.out().print(script(shell, BitnetCommand.commandLine(streams)));
    return 0;
  }

  static String script(Shell shell, CommandLine program) {
    return shell == Shell.fish
        ? FishCompletion.of(program)
        : AutoComplete.bash("bitnet", program) + WITH_FILES;
  }
}
