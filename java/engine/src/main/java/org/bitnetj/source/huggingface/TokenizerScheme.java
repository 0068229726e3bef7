package org.bitnetj.source.huggingface;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.VocabularySource;

/**
 * How a {@code tokenizer.json} cuts texts, recognised by its parts: what it does must be exactly
 * what a tokenizer of the engine does.
 *
 * @param preTokenizer llama.cpp's name for what splits texts into words
 * @param normalizes whether texts are put into Unicode's normal form C first
 * @param hasTemplate whether the post-processor says which tokens come first and last
 * @param firstToken which every text begins with
 * @param lastToken which every text ends with
 */
record TokenizerScheme(
    VocabularySource.Kind kind,
    String preTokenizer,
    boolean normalizes,
    boolean hasTemplate,
    OptionalLong firstToken,
    OptionalLong lastToken) {
  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  private static final String LLAMA3 = later("{1,3}");
  private static final String QWEN2 = later("");

  private static String later(String digits) {
    return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
        + digits
        + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  }

  /**
   * @param ignoresMerges whether a word that is a token is taken whole
   */
  static TokenizerScheme of(Section tokenizer, boolean ignoresMerges) throws ModelFileException {
    boolean normalizes = normalizes(tokenizer);
    String expression = expression(tokenizer);
    String name = preTokenizer(expression, ignoresMerges);
    if (name.isEmpty()) {
      throw tokenizer.failure(
          "'pre_tokenizer' splits texts by '"
              + Section.shown(expression)
              + "'"
              + (ignoresMerges ? " and takes words that are tokens whole" : "")
              + ", which this engine does not know; it knows those of gpt-2, llama-bpe and qwen2.");
    }
    List<OptionalLong> ends = ends(tokenizer);
    return new TokenizerScheme(
        VocabularySource.Kind.BYTE_LEVEL,
        name,
        normalizes,
        !ends.isEmpty(),
        ends.isEmpty() ? OptionalLong.empty() : ends.getFirst(),
        ends.isEmpty() ? OptionalLong.empty() : ends.getLast());
  }

  /** Empty if there is none that does the same. */
  private static String preTokenizer(String expression, boolean ignoresMerges) {
    if (expression.equals(LLAMA3)) {
      return ignoresMerges ? "llama-bpe" : "smaug-bpe"; // the same but for whole words
    }
    if (ignoresMerges) {
      return "";
    }
    return expression.equals(GPT2) ? "gpt-2" : expression.equals(QWEN2) ? "qwen2" : "";
  }

  private static boolean normalizes(Section tokenizer) throws ModelFileException {
    List<String> types =
        steps(tokenizer, "normalizer", "normalizers").stream().map(TokenizerScheme::type).toList();
    if (!types.isEmpty() && !types.equals(List.of("NFC"))) {
      throw tokenizer.failure(
          "'normalizer' has the steps "
              + types.stream().map(Section::shown).toList()
              + "; this engine applies NFC alone to byte-level BPE.");
    }
    return !types.isEmpty();
  }

  /** The expression that splits texts before their bytes are spelled. */
  private static String expression(Section tokenizer) throws ModelFileException {
    List<Section> steps = steps(tokenizer, "pre_tokenizer", "pretokenizers");
    boolean ownSplit = steps.size() == 2 && type(steps.getFirst()).equals("Split");
    if ((steps.size() != 1 && !ownSplit) || !type(steps.getLast()).equals("ByteLevel")) {
      throw tokenizer.failure(
          "'pre_tokenizer' has the steps "
              + steps.stream().map(TokenizerScheme::type).map(Section::shown).toList()
              + "; this engine knows ByteLevel, alone or after one Split.");
    }
    Section bytes = steps.getLast();
    if (bytes.findFlag("add_prefix_space").orElse(true)
        || bytes.findFlag("use_regex").orElse(true) == ownSplit) {
      throw bytes.failure(
          "'pre_tokenizer' splits texts twice or puts a space before them, which this engine does"
              + " not do.");
    }
    if (!ownSplit) {
      return GPT2;
    }
    Section split = steps.getFirst();
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

  private static String type(Section step) {
    return step.members().get("type") instanceof Json.Text text ? text.value() : "";
  }

  /** The steps of a sequence, or a single one. */
  private static List<Section> steps(Section tokenizer, String key, String list)
      throws ModelFileException {
    Optional<Section> step = tokenizer.findSection(key);
    List<Section> steps = new ArrayList<>();
    if (step.isPresent() && type(step.get()).equals("Sequence")) {
      for (Json each : step.get().findItems(list).orElse(List.of())) {
        steps.add(step.get().section(list, each));
      }
    } else {
      step.ifPresent(steps::add);
    }
    return steps;
  }

  /** The tokens before and after a text; nothing if no template says so. */
  private static List<OptionalLong> ends(Section tokenizer) throws ModelFileException {
    List<OptionalLong> ends = new ArrayList<>();
    for (Section step : steps(tokenizer, "post_processor", "processors")) {
      if (type(step).equals("TemplateProcessing")) {
        ends.add(OptionalLong.empty());
        ends.add(OptionalLong.empty());
        int at = 0;
        for (Json each : step.findItems("single").orElseThrow(() -> step.missing("single"))) {
          Section piece = step.section("single", each);
          if (piece.has("Sequence")) {
            at = 1;
          } else if (ends.set(at, OptionalLong.of(special(step, piece))).isPresent()) {
            throw step.failure("'post_processor' puts several tokens before or after a text.");
          }
        }
      } else if (!type(step).equals("ByteLevel")) {
        throw step.failure(
            "'post_processor' is of type '"
                + Section.shown(type(step))
                + "'; this engine knows TemplateProcessing and ByteLevel.");
      }
    }
    if (ends.size() > 2) {
      throw tokenizer.failure("'post_processor' has several templates.");
    }
    return ends;
  }

  private static long special(Section template, Section piece) throws ModelFileException {
    Optional<Section> token = piece.findSection("SpecialToken");
    String name = token.isPresent() ? token.get().findText("id").orElse("") : "";
    Optional<Section> all = template.findSection("special_tokens");
    Optional<Section> entry = all.isPresent() ? all.get().findSection(name) : Optional.empty();
    List<Json> ids = entry.isPresent() ? entry.get().findItems("ids").orElse(List.of()) : List.of();
    if (ids.size() != 1) {
      throw template.failure(
          "'post_processor' does not say which token '" + Section.shown(name) + "' is.");
    }
    return entry.get().integer("ids", ids.getFirst());
  }
}
