package org.bitnetj.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.option.SamplingOptions;

/**
 * The options of a session that its user may change while it lasts ({@code /set}), by the names
 * that the command line has for them. For one thread.
 */
final class SessionSettings {
  private static final String RANDOM = "random";

  /** How an option is shown and changed. */
  private record Setting(
      Function<GenerationOptions, Object> shown,
      BiFunction<GenerationOptions, String, GenerationOptions> changed) {}

  private static final Map<String, Setting> SETTINGS = new LinkedHashMap<>();

  static {
    real("temp", SamplingOptions::temperature, SamplingOptions::withTemperature);
    whole("top-k", SamplingOptions::topK, SamplingOptions::withTopK);
    real("top-p", SamplingOptions::topP, SamplingOptions::withTopP);
    real("min-p", SamplingOptions::minP, SamplingOptions::withMinP);
    real(
        "repeat-penalty",
        SamplingOptions::repetitionPenalty,
        SamplingOptions::withRepetitionPenalty);
    real(
        "presence-penalty", SamplingOptions::presencePenalty, SamplingOptions::withPresencePenalty);
    real(
        "frequency-penalty",
        SamplingOptions::frequencyPenalty,
        SamplingOptions::withFrequencyPenalty);
    whole("repeat-last-n", SamplingOptions::penaltyWindow, SamplingOptions::withPenaltyWindow);
    SETTINGS.put(
        "seed",
        new Setting(
            options -> {
              OptionalLong seed = options.sampling().seed();
              return seed.isPresent() ? seed.getAsLong() : RANDOM;
            },
            (options, text) ->
                options.withSampling(
                    options
                        .sampling()
                        .withSeed(
                            text.equals(RANDOM)
                                ? OptionalLong.empty()
                                : OptionalLong.of(seed(text))))));
    SETTINGS.put(
        "predict",
        new Setting(
            options -> options.maxTokens() == Integer.MAX_VALUE ? -1 : options.maxTokens(),
            (options, text) -> {
              int most = whole("predict", text);
              if (most < -1) {
                throw new Failures.Failure(
                    "predict must be 0 or more, or -1 for as many as fit, not " + most + ".");
              }
              return options.withMaxTokens(most < 0 ? Integer.MAX_VALUE : most);
            }));
  }

  private GenerationOptions options;

  SessionSettings(GenerationOptions options) {
    this.options = options;
  }

  GenerationOptions options() {
    return options;
  }

  /**
   * Does what follows {@code /set}.
   *
   * @param argument a name and a value; nothing to see all, a name alone to see one
   * @return what to tell the user
   * @throws Failures.Failure if there is no such option or it cannot have this value
   */
  String set(String argument) {
    if (argument.isEmpty()) {
      StringBuilder all = new StringBuilder();
      for (String name : SETTINGS.keySet()) {
        all.append(all.isEmpty() ? "" : "\n").append("  ").append(shown(name));
      }
      return all.toString();
    }
    String[] words = argument.split("[\\s=]+", 2);
    String name = name(words[0]);
    if (words.length == 2) {
      try {
        options = SETTINGS.get(name).changed.apply(options, words[1].strip());
      } catch (IllegalArgumentException e) {
        throw new Failures.Failure(String.valueOf(e.getMessage()));
      }
    }
    return shown(name);
  }

  private String shown(String name) {
    return name + " " + SETTINGS.get(name).shown.apply(options);
  }

  private static String name(String typed) {
    String name = typed.replaceFirst("^-+", "");
    name =
        switch (name) {
          case "temperature" -> "temp";
          case "n" -> "predict";
          default -> name;
        };
    if (!SETTINGS.containsKey(name)) {
      throw new Failures.Failure(
          "There is no option '"
              + typed
              + "'; /set changes "
              + String.join(", ", SETTINGS.keySet())
              + ".");
    }
    return name;
  }

  private static void real(
      String name,
      Function<SamplingOptions, Double> get,
      BiFunction<SamplingOptions, Double, SamplingOptions> with) {
    SETTINGS.put(
        name,
        new Setting(
            options -> get.apply(options.sampling()),
            (options, text) ->
                options.withSampling(with.apply(options.sampling(), real(name, text)))));
  }

  private static void whole(
      String name,
      Function<SamplingOptions, Integer> get,
      BiFunction<SamplingOptions, Integer, SamplingOptions> with) {
    SETTINGS.put(
        name,
        new Setting(
            options -> get.apply(options.sampling()),
            (options, text) ->
                options.withSampling(with.apply(options.sampling(), whole(name, text)))));
  }

  private static double real(String name, String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new Failures.Failure(name + " must be a number, not '" + text + "'.");
    }
  }

  private static int whole(String name, String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new Failures.Failure(name + " must be a whole number, not '" + text + "'.");
    }
  }

  private static long seed(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new Failures.Failure(
          "seed must be a whole number, or "
              + RANDOM
              + " for another one each time, not '"
              + text
              + "'.");
    }
  }
}
