package org.bitnetj.source.huggingface;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.VocabularySource.Kind;
import org.bitnetj.source.VocabularySource.SpacePrefix;
import org.bitnetj.source.json.Json;

/**
 * How a {@code tokenizer.json} cuts texts, recognised by its parts: what it does must be exactly
 * what a tokenizer of the engine does.
 *
 * @param preTokenizer llama.cpp's name for what splits texts into words, for byte-level BPE
 * @param spacePrefix where a space comes before a text
 * @param normalizes whether texts are put into Unicode's normal form C first
 * @param hasTemplate whether the post-processor says which tokens come first and last
 * @param firstToken which every text begins with
 * @param lastToken which every text ends with
 */
record TokenizerScheme(
    Kind kind,
    String preTokenizer,
    SpacePrefix spacePrefix,
    boolean normalizes,
    boolean hasTemplate,
    OptionalLong firstToken,
    OptionalLong lastToken) {
  /**
   * @param byteFallback whether characters without a token become the tokens of their bytes, as in
   *     SentencePiece, not all characters
   * @param ignoresMerges whether a word that is a token is taken whole
   */
  static TokenizerScheme of(Section tokenizer, boolean byteFallback, boolean ignoresMerges)
      throws ModelFileException {
    if (byteFallback && ignoresMerges) {
      throw tokenizer.failure(
          "'model' has byte_fallback and ignore_merges, which this engine does not do together.");
    }
    List<OptionalLong> ends = ends(tokenizer);
    return new TokenizerScheme(
        byteFallback ? Kind.RANKED_PIECES : Kind.BYTE_LEVEL,
        byteFallback ? "" : WordSplits.of(tokenizer, ignoresMerges),
        byteFallback ? SpaceMarks.of(tokenizer) : SpacePrefix.NEVER,
        !byteFallback && normalizes(tokenizer),
        !ends.isEmpty(),
        ends.isEmpty() ? OptionalLong.empty() : ends.getFirst(),
        ends.isEmpty() ? OptionalLong.empty() : ends.getLast());
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

  static String type(Section step) {
    return step.members().get("type") instanceof Json.Text text ? text.value() : "";
  }

  /** The steps of a sequence, or a single one. */
  static List<Section> steps(Section tokenizer, String key, String list) throws ModelFileException {
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
