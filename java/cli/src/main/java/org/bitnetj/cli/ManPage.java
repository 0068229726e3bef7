package org.bitnetj.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The manual page of a command in roff (man(7)), made of what its help shows. */
final class ManPage {
  private static final String EXAMPLES = "Examples:";

  private final StringBuilder page = new StringBuilder();
  private boolean literal;

  private ManPage() {}

  /**
   * The page of a command.
   *
   * @param version of the program, for the foot of the page; the same version gives the same text
   */
  static String of(CommandLine command, String version) {
    return new ManPage().write(command, version);
  }

  /** {@code bitnet} for the program, {@code bitnet-run} for its command {@code run}. */
  static String name(CommandLine command) {
    return command.getCommandSpec().qualifiedName("-");
  }

  private String write(CommandLine command, String version) {
    CommandSpec spec = command.getCommandSpec();
    List<String> description = lines(spec.usageMessage().description());
    macro("TH", name(command).toUpperCase(Locale.ROOT), "1", "", version, "");
    macro("SH", "NAME");
    text(name(command) + " - " + String.join(" ", description));
    macro("SH", "SYNOPSIS");
    text(command.getHelp().synopsis(0).replaceAll("\\s+", " ").strip());
    List<PositionalParamSpec> parameters =
        spec.positionalParameters().stream().filter(p -> !p.hidden()).toList();
    List<OptionSpec> options = spec.options().stream().filter(o -> !o.hidden()).toList();
    if (!parameters.isEmpty() || !options.isEmpty()) {
      macro("SH", "OPTIONS");
      parameters.forEach(p -> entry(p.paramLabel(), lines(p.description())));
      options.forEach(o -> entry(label(o), lines(o.description())));
    }
    List<CommandLine> commands =
        command.getSubcommands().values().stream()
            .filter(c -> !c.getCommandSpec().usageMessage().hidden())
            .toList();
    if (!commands.isEmpty()) {
      macro("SH", "COMMANDS");
      commands.forEach(
          c -> entry(c.getCommandName(), lines(c.getCommandSpec().usageMessage().description())));
    }
    footer(lines(spec.usageMessage().footer()));
    return page.toString();
  }

  private static String label(OptionSpec option) {
    Stream<String> names = Stream.of(option.names());
    if (option.negatable()) {
      names = Stream.concat(names, Stream.of("--no-" + option.longestName().substring(2)));
    }
    String joined = names.collect(Collectors.joining(", "));
    return option.arity().max() == 0 ? joined : joined + " " + option.paramLabel();
  }

  /** What stands after the options: sentences, and examples, which are indented. */
  private void footer(List<String> lines) {
    if (!lines.isEmpty() && lines.stream().noneMatch(EXAMPLES::equals)) {
      macro("SH", "NOTES");
    }
    for (String line : lines) {
      literally(line.startsWith(" "));
      if (line.equals(EXAMPLES)) {
        macro("SH", "EXAMPLES");
      } else if (line.isEmpty()) {
        macro("PP");
      } else {
        text(line);
      }
    }
    literally(false);
  }

  /** Whether what follows keeps its lines. */
  private void literally(boolean on) {
    if (literal != on) {
      macro(on ? "nf" : "fi");
      literal = on;
    }
  }

  private void entry(String label, List<String> description) {
    macro("TP");
    page.append("\\fB").append(escaped(label)).append("\\fR\n");
    description.forEach(this::text);
  }

  private void macro(String name, String... arguments) {
    page.append('.').append(name);
    for (String argument : arguments) {
      page.append(" \"").append(escaped(argument).replace("\"", "\\(dq")).append('"');
    }
    page.append('\n');
  }

  private void text(String line) {
    page.append(escaped(line)).append('\n');
  }

  /**
   * So that nothing in a text is a request, an escape, or a dash that cannot be copied; in ASCII.
   */
  private static String escaped(String text) {
    String escaped =
        text.replace("\\", "\\e")
            .replace("-", "\\-")
            .codePoints()
            .mapToObj(c -> c < 128 ? Character.toString(c) : String.format("\\[u%04X]", c))
            .collect(Collectors.joining());
    return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
  }

  /** Texts of picocli as its help shows them without colours. */
  private static List<String> lines(String[] texts) {
    List<String> lines = new ArrayList<>();
    for (String text : texts) {
      String plain = Ansi.OFF.string(text.replace("%%", "%").replace("%n", "\n"));
      lines.addAll(plain.isEmpty() ? List.of("") : plain.lines().toList());
    }
    return lines;
  }
}
