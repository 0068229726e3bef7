package org.bitnetj.cli;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says what is wrong with a command line in the words of its user, not in Java's. */
final class UsageErrors {
  /** How other programs have the choice of a format. */
  private static final Set<String> FORMATS = Set.of("--json", "--jsonl", "--csv", "--md", "--text");

  private UsageErrors() {}

  /**
   * One sentence.
   *
   * @param args the command line, which shows by what name an option was called
   */
  static String sentence(ParameterException e, String... args) {
    ArgSpec option = e.getArgSpec();
    String value = e.getValue();
    if (e instanceof UnmatchedArgumentException unmatched) {
      String first = unmatched.getUnmatched().getFirst();
      if (unmatched.isUnknownOption()) {
        return "unknown option '" + first + "'.";
      }
      return e.getCommandLine().getParent() == null
          ? "unknown command '" + first + "'."
          : "unexpected argument '" + first + "'.";
    }
    if (e instanceof OverwrittenOptionException overwritten) {
      return name(overwritten.getOverwritten(), args) + " may be given only once.";
    }
    if (e instanceof MissingParameterException missing && !missing.getMissing().isEmpty()) {
      return missing(missing.getMissing(), args);
    }
    if (option != null && value != null && e.getCause() != null) {
      return wrongValue(name(option, args), option.auxiliaryTypes()[0], value);
    }
    String message = String.valueOf(e.getMessage()).strip();
    return message.endsWith(".") || message.endsWith("?") ? message : message + ".";
  }

  private static String missing(List<ArgSpec> all, String... args) {
    if (all.size() == 1 && all.getFirst() instanceof OptionSpec bare && isGiven(bare, args)) {
      int values = Math.max(1, bare.arity().min());
      return "%s needs %s (%s)."
          .formatted(
              name(bare, args), values == 1 ? "a value" : values + " values", bare.paramLabel());
    }
    return all.stream()
            .map(arg -> arg instanceof OptionSpec o ? o.longestName() + " " + label(o) : label(arg))
            .collect(Collectors.joining(" and "))
        + (all.size() == 1 ? " is missing." : " are missing.");
  }

  /** Without the brackets of what may be left out. */
  private static String label(ArgSpec arg) {
    return arg.paramLabel().replaceAll("[\\[\\]]", "");
  }

  /** What was probably meant. */
  static List<String> suggestions(UnmatchedArgumentException e) {
    CommandLine command = e.getCommandLine();
    String typed = e.getUnmatched().getFirst().replaceFirst("=.*", "");
    if (FORMATS.contains(typed)) {
      Optional<String> format = format(command.getCommandSpec(), typed.substring(2));
      if (format.isPresent()) {
        return List.of("--format " + format.get());
      }
    }
    if (typed.matches("-.")) { // any other letter is one letter away
      return command.getCommandSpec().optionsMap().keySet().stream()
          .filter(name -> name.equalsIgnoreCase(typed))
          .toList();
    }
    Collection<String> names =
        e.isUnknownOption()
            ? command.getCommandSpec().options().stream()
                .flatMap(option -> Arrays.stream(option.names()))
                .collect(Collectors.toSet())
            : command.getSubcommands().keySet();
    List<String> meant = Suggestion.of(typed, names);
    return meant.isEmpty() ? e.getSuggestions() : meant;
  }

  /**
   * The value of a command's --format that is meant by {@code wanted}, in lower case: jsonl will do
   * for json. Empty if it has none.
   */
  static Optional<String> format(CommandSpec command, String wanted) {
    OptionSpec option = command.findOption("--format");
    if (option == null || !option.type().isEnum()) {
      return Optional.empty();
    }
    List<String> formats = names(option.type().getEnumConstants());
    return Stream.of(wanted, wanted + "l").filter(formats::contains).findFirst();
  }

  private static String wrongValue(String name, Class<?> type, String value) {
    if (type.isEnum()) {
      return name + " must be " + choice(type.getEnumConstants()) + ", not '" + value + "'.";
    }
    if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
      return value.matches("[+-]?[0-9]+")
          ? name + " cannot be as large as " + value + "."
          : name + " must be a whole number, not '" + value + "'.";
    }
    if (type == double.class || type == Double.class) {
      return name + " must be a number, not '" + value + "'.";
    }
    if (type == boolean.class || type == Boolean.class) {
      return name + " must be true or false, not '" + value + "'.";
    }
    return name + " cannot be '" + value + "'.";
  }

  private static String choice(Object... constants) {
    List<String> names = names(constants);
    int last = names.size() - 1;
    return last == 0
        ? names.getFirst()
        : String.join(", ", names.subList(0, last)) + " or " + names.get(last);
  }

  private static List<String> names(Object... constants) {
    return Stream.of(constants)
        .map(constant -> ((Enum<?>) constant).name().toLowerCase(Locale.ROOT))
        .toList();
  }

  /** As it was called, or else by its longest name. */
  private static String name(ArgSpec arg, String... args) {
    return arg instanceof OptionSpec option
        ? Arrays.stream(option.names())
            .filter(name -> isGiven(name, args))
            .findFirst()
            .orElse(option.longestName())
        : label(arg);
  }

  private static boolean isGiven(OptionSpec option, String... args) {
    return Arrays.stream(option.names()).anyMatch(name -> isGiven(name, args));
  }

  private static boolean isGiven(String name, String... args) {
    return Arrays.stream(args).anyMatch(arg -> arg.equals(name) || arg.startsWith(name + "="));
  }
}
