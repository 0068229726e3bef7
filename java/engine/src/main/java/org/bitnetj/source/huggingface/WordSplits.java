package org.bitnetj.source.huggingface;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;

/**
 * How a {@code tokenizer.json} with byte-level BPE splits texts into words, recognised by its steps
 * and their expressions.
 */
final class WordSplits {
  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  private static final String LLAMA3 =
      later("[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+");
  private static final String QWEN2 =
      later("[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+");
  private static final String QWEN35 =
      later("[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+");

  /** DeepSeek V3's, which Hunyuan has too. */
  private static final List<String> DEEPSEEK3 =
      List.of(
          "\\p{N}{1,3}",
          "[一-龥\u3040-ゟ゠-ヿ]+",
          "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
              + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
              + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");

  /** The steps that splits may have, the last of which spells bytes, by llama.cpp's names. */
  private static final Map<List<String>, String> NAMES =
      Map.of(
          List.of("ByteLevel by " + GPT2), "gpt-2",
          List.of("Split by " + LLAMA3, "ByteLevel"), "smaug-bpe",
          List.of("Split by " + QWEN2, "ByteLevel"), "qwen2",
          List.of("Split by " + QWEN35, "ByteLevel"), "qwen35",
          splits(DEEPSEEK3), "deepseek-v3",
          falcon("Split by [0-9][0-9][0-9]"), "falcon",
          falcon("Split by [0-9]"), "falcon_e",
          falcon("Digits", "Split by [0-9][0-9][0-9]"), "falcon-digits",
          falcon("Digits", "Split by [0-9]"), "falcon_e-digits");

  private WordSplits() {}

  private static String later(String words) {
    return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|" + words + "[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  }

  private static List<String> splits(List<String> expressions) {
    List<String> steps = new ArrayList<>();
    expressions.forEach(expression -> steps.add("Split by " + expression));
    steps.add("ByteLevel");
    return List.copyOf(steps);
  }

  private static List<String> falcon(String... digits) {
    List<String> steps = new ArrayList<>(List.of("Punctuation in runs", "ByteLevel by " + GPT2));
    steps.addAll(List.of(digits));
    return List.copyOf(steps);
  }

  /**
   * llama.cpp's name of the same.
   *
   * @param ignoresMerges whether a word that is a token is taken whole
   * @throws ModelFileException if the engine has none that does the same
   */
  static String of(Section tokenizer, boolean ignoresMerges) throws ModelFileException {
    List<String> steps = new ArrayList<>();
    for (Section step : TokenizerScheme.steps(tokenizer, "pre_tokenizer", "pretokenizers")) {
      steps.add(step(step));
    }
    String name = NAMES.getOrDefault(steps, "");
    if (ignoresMerges) {
      name = name.equals("smaug-bpe") ? "llama-bpe" : ""; // the same but for whole words
    }
    if (name.isEmpty()) {
      throw tokenizer.failure(
          "'pre_tokenizer' has the steps "
              + steps.stream().map(Section::shown).toList()
              + (ignoresMerges ? " and takes words that are tokens whole" : "")
              + ", which this engine does not know together; it knows those of gpt-2, llama-bpe,"
              + " qwen2, qwen35, deepseek-v3 and falcon.");
    }
    return name;
  }

  /** A step in words; those that change what it does are a part of them. */
  private static String step(Section step) throws ModelFileException {
    String type = TokenizerScheme.type(step);
    return switch (type) {
      case "ByteLevel" -> {
        if (step.findFlag("add_prefix_space").orElse(true)) {
          throw step.failure(
              "'pre_tokenizer' puts a space before texts, which this engine does not do to"
                  + " byte-level BPE.");
        }
        yield step.findFlag("use_regex").orElse(true) ? "ByteLevel by " + GPT2 : type;
      }
      case "Split" -> "Split by " + expression(step);
      case "Punctuation" ->
          step.findText("behavior").orElse("").equals("Contiguous") ? "Punctuation in runs" : type;
      case "Digits" ->
          step.findFlag("individual_digits").orElse(false) ? "Digits one by one" : type;
      default -> type;
    };
  }

  private static String expression(Section split) throws ModelFileException {
    Optional<Section> pattern = split.findSection("pattern");
    Optional<String> expression =
        pattern.isPresent() ? pattern.get().findText("Regex") : Optional.empty();
    if (!split.findText("behavior").orElse("").equals("Isolated")
        || split.findFlag("invert").orElse(false)
        || expression.isEmpty()) {
      throw split.failure("'pre_tokenizer' does not split by an expression for isolated words.");
    }
    return expression.get();
  }
}
