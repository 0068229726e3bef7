package org.bitnetj.cli;

import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The script by which fish completes command lines; picocli makes none. */
final class FishCompletion {
  private final StringBuilder script = new StringBuilder();
  private final String program;

  private FishCompletion(String program) {
    this.program = program;
  }

  static String of(CommandLine program) {
    FishCompletion completion = new FishCompletion(program.getCommandName());
    completion.script.append("# Completes ").append(completion.program).append(" in fish.\n");
    program.getSubcommands().forEach(completion::command);
    completion.options("__fish_use_subcommand", program);
    return completion.script.toString();
  }

  private void command(String name, CommandLine command) {
    line("__fish_use_subcommand", "-f -a " + name, description(command));
    options("__fish_seen_subcommand_from " + name, command);
    for (ArgSpec parameter : command.getCommandSpec().positionalParameters()) {
      if (!isFile(parameter) && parameter.completionCandidates() != null) {
        line("__fish_seen_subcommand_from " + name, "-f" + candidates(parameter), "");
      }
    }
  }

  private void options(String condition, CommandLine command) {
    for (OptionSpec option : command.getCommandSpec().options()) {
      if (!option.hidden()) {
        StringBuilder words = new StringBuilder();
        for (String name : option.names()) {
          boolean isLong = name.startsWith("--");
          words.append(isLong ? " -l " : " -s ").append(name.substring(isLong ? 2 : 1));
        }
        if (option.arity().max() > 0) {
          words.append(isFile(option) ? " -r -F" : candidates(option).isEmpty() ? " -x" : " -r");
          words.append(candidates(option));
        }
        line(condition, words.substring(1), String.join(" ", option.description()));
        if (option.negatable()) {
          line(condition, "-l no-" + option.longestName().substring(2), "");
        }
      }
    }
  }

  private static boolean isFile(ArgSpec argument) {
    Class<?> type = argument.type();
    return type == Path.class
        || type == File.class
        || Arrays.asList(argument.auxiliaryTypes()).contains(Path.class);
  }

  private static String candidates(ArgSpec argument) {
    if (argument.completionCandidates() == null) {
      return "";
    }
    List<String> words =
        StreamSupport.stream(argument.completionCandidates().spliterator(), false)
            .filter(word -> !word.equals(CompletionCommand.FILES))
            .toList();
    return words.isEmpty() ? "" : " -a " + quoted(String.join(" ", words));
  }

  private static String description(CommandLine command) {
    return String.join(" ", command.getCommandSpec().usageMessage().description());
  }

  /** The first sentence is enough beside an option. */
  private void line(String condition, String words, String description) {
    script.append("complete -c ").append(program).append(" -n ").append(quoted(condition));
    script.append(' ').append(words);
    if (!description.isEmpty()) {
      script.append(" -d ").append(quoted(description.split("(?<=\\.) ", 2)[0]));
    }
    script.append('\n');
  }

  private static String quoted(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
