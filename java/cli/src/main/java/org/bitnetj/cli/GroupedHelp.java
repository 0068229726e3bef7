package org.bitnetj.cli;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Help that shows many options, and the commands, in groups of what they are about. */
final class GroupedHelp extends Help {
  /** From this many options on they are shown in groups. */
  private static final int MANY = 12;

  private static final String OTHERS = "Options";

  /** By the class that declares an option, in the order of the help. */
  private static final Map<Class<?>, String> OPTION_GROUPS = new LinkedHashMap<>();

  static {
    OPTION_GROUPS.put(TextInput.class, "Text");
    OPTION_GROUPS.put(ModelOption.class, "Model");
    OPTION_GROUPS.put(HubOption.class, "Model");
    OPTION_GROUPS.put(LayoutOption.class, "Model");
    OPTION_GROUPS.put(ReadingOptions.class, "Model");
    OPTION_GROUPS.put(GenerationFlags.class, "Choice of tokens and end of the text");
    OPTION_GROUPS.put(ContextOptions.class, "Context");
    OPTION_GROUPS.put(SessionFlags.class, "Session at a terminal");
    OPTION_GROUPS.put(EngineOptions.class, "Computation");
    OPTION_GROUPS.put(HeadOption.class, "Computation");
    OPTION_GROUPS.put(Reporting.class, "What is said");
  }

  private static final Map<String, Set<String>> COMMAND_GROUPS = new LinkedHashMap<>();

  static {
    COMMAND_GROUPS.put("Texts", Set.of("run", "chat", "serve"));
    COMMAND_GROUPS.put(
        "Models", Set.of("pull", "list", "rm", "cache", "inspect", "convert", "synth"));
    COMMAND_GROUPS.put(
        "Tokens, logits and vectors",
        Set.of("tokenize", "detokenize", "logits", "perplexity", "embed"));
    COMMAND_GROUPS.put("This machine", Set.of("bench", "doctor"));
  }

  GroupedHelp(CommandSpec command, ColorScheme colors) {
    super(command, colors);
  }

  @Override
  public String optionList() {
    List<OptionSpec> shown =
        commandSpec().options().stream().filter(option -> !option.hidden()).toList();
    if (shown.size() < MANY) {
      return super.optionList();
    }
    Map<String, List<OptionSpec>> groups = new LinkedHashMap<>();
    groups.put(OTHERS, new ArrayList<>());
    OPTION_GROUPS.values().forEach(name -> groups.put(name, new ArrayList<>()));
    shown.forEach(option -> groups.get(group(option)).add(option));
    StringBuilder text = new StringBuilder();
    groups.forEach(
        (name, options) -> {
          if (!options.isEmpty()) {
            Layout layout = createDefaultLayout(shown, List.of(), colorScheme());
            layout.addAllOptions(options, parameterLabelRenderer());
            text.append("%n%s:%n".formatted(name)).append(layout);
          }
        });
    return text.toString();
  }

  private static String group(OptionSpec option) {
    return option.userObject() instanceof Field field
        ? OPTION_GROUPS.getOrDefault(field.getDeclaringClass(), OTHERS)
        : OTHERS;
  }

  @Override
  public String commandList() {
    if (!subcommands().keySet().contains("run")) {
      return super.commandList();
    }
    StringBuilder text = new StringBuilder();
    Map<String, Help> others = new LinkedHashMap<>(subcommands());
    COMMAND_GROUPS.forEach(
        (name, members) -> {
          Map<String, Help> some = new LinkedHashMap<>(subcommands());
          some.keySet().retainAll(members);
          others.keySet().removeAll(members);
          text.append("%n%s:%n".formatted(name)).append(commandList(some));
        });
    return text.append("%nOthers:%n".formatted()).append(commandList(others)).toString();
  }
}
