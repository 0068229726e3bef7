package org.bitnetj.cli;

import java.util.Locale;
import org.bitnetj.bench.energy.Energy;
import org.bitnetj.bench.energy.EnergyReading;
import org.bitnetj.bench.energy.NoEnergy;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.GenerationStats;
import org.bitnetj.generate.LanguageModel;

/** What a generated text took, in one line for a person: all of it or what most want to know. */
final class Statistics {
  private Statistics() {}

  /**
   * How many tokens, how fast, when the first one came, why the text ended if neither the model nor
   * a stop text ended it, and the seed.
   */
  static String brief(GenerationResult result) {
    GenerationStats stats = result.stats();
    return "bitnet: "
        + count(stats.generatedTokens(), "token")
        + rate(stats.decodeTokensPerSecond())
        + (stats.firstTokenNanos() > 0
            ? String.format(Locale.ROOT, ", the first after %.2f s", stats.firstTokenNanos() * 1e-9)
            : "")
        + switch (result.finishReason()) {
          case END_TOKEN, STOP_STRING -> "";
          case MAX_TOKENS, CONTEXT_FULL, CANCELLED -> "; " + ending(result.finishReason());
        }
        + "; seed "
        + result.seed();
  }

  static String line(LanguageModel model, GenerationResult result) {
    return line(model, result, "");
  }

  /** The same with what energy the machine took meanwhile. */
  static String line(LanguageModel model, GenerationResult result, EnergyReading energy) {
    GenerationStats stats = result.stats();
    int tokens = stats.promptTokens() - stats.cachedTokens() + stats.generatedTokens();
    return line(model, result, "; " + energy(energy, tokens));
  }

  private static String line(LanguageModel model, GenerationResult result, String energy) {
    GenerationStats stats = result.stats();
    int computed = stats.promptTokens() - stats.cachedTokens();
    return String.format(
        Locale.ROOT,
        "bitnet: prefill %s%s%s; decode %s%s%s; %s;"
            + " %s kernels, %s, %d weight bytes read per token%s%s; seed %d",
        count(computed, "token"),
        stats.cachedTokens() > 0 ? " (" + stats.cachedTokens() + " more came from the cache)" : "",
        rate(stats.prefillTokensPerSecond()),
        count(stats.generatedTokens(), "token"),
        rate(stats.decodeTokensPerSecond()),
        drafts(stats),
        ending(result.finishReason()),
        model.kernels(),
        count(model.threads(), "thread"),
        stats.bytesPerToken(),
        shares(stats),
        energy,
        result.seed());
  }

  static String energy(EnergyReading reading, int tokens) {
    return switch (reading) {
      case Energy energy ->
          String.format(
              Locale.ROOT,
              "energy with idle power %.1f J%s, %.4g J%s per token of prompt and text",
              energy.packages(),
              dram(energy, " (DRAM %.1f J)"),
              energy.each(Math.max(1, tokens)).packages(),
              dram(energy.each(Math.max(1, tokens)), " (DRAM %.4g J)"));
      case NoEnergy none -> "energy not available"; // 'bench' says why
    };
  }

  /** Nothing where it is not counted. */
  private static String dram(Energy energy, String format) {
    return energy.dram().isPresent()
        ? String.format(Locale.ROOT, format, energy.dram().getAsDouble())
        : "";
  }

  /** Nothing where nothing was drafted. */
  private static String drafts(GenerationStats stats) {
    return stats.draftedTokens() > 0
        ? " (" + stats.acceptedTokens() + " of " + stats.draftedTokens() + " drafted ones accepted)"
        : "";
  }

  /** Nothing where all weights were read. */
  private static String shares(GenerationStats stats) {
    return stats.activeRows().isPresent() && stats.nonzeroUnits().isPresent()
        ? String.format(
            Locale.ROOT,
            " (of the hidden units %.1f %% were active, %.1f %% not 0)",
            100 * stats.activeRows().getAsDouble(),
            100 * stats.nonzeroUnits().getAsDouble())
        : "";
  }

  /** Nothing where nothing was timed: the first token of a text comes with the prefill. */
  static String rate(double tokensPerSecond) {
    return tokensPerSecond > 0
        ? String.format(
            Locale.ROOT,
            tokensPerSecond < 1 ? ", %.2g tokens/s" : ", %.1f tokens/s",
            tokensPerSecond)
        : "";
  }

  private static String count(int number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }

  private static String ending(FinishReason reason) {
    return switch (reason) {
      case END_TOKEN -> "ended by the model";
      case STOP_STRING -> "ended at a stop text";
      case MAX_TOKENS -> "ended at the limit of -n";
      case CONTEXT_FULL -> "ended because the context is full";
      case CANCELLED -> "interrupted";
    };
  }
}
