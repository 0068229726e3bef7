package org.bitnetj.source.huggingface;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.VocabularySource.SpacePrefix;

/**
 * How a {@code tokenizer.json} of SentencePiece's kind writes the spaces of texts: as U+2581, with
 * one more before a text or without. Older files do it by normalizers, newer ones by a
 * pre-tokenizer.
 */
final class SpaceMarks {
  private static final String MARK = "\u2581";
  private static final String PREPEND = "Prepend " + MARK;
  private static final String REPLACE = "Replace a space by " + MARK;

  private SpaceMarks() {}

  static SpacePrefix of(Section tokenizer) throws ModelFileException {
    List<String> steps = new ArrayList<>();
    for (Section step : TokenizerScheme.steps(tokenizer, "normalizer", "normalizers")) {
      steps.add(normalizer(step));
    }
    Optional<SpacePrefix> prefix = Optional.empty();
    if (steps.equals(List.of(REPLACE))) {
      prefix = Optional.of(SpacePrefix.NEVER);
    } else if (steps.equals(List.of(PREPEND, REPLACE))) {
      prefix = Optional.of(SpacePrefix.ALWAYS);
    }
    boolean replaced = prefix.isPresent();
    boolean mayPrepend = steps.isEmpty() || steps.equals(List.of(REPLACE));
    for (Section step : TokenizerScheme.steps(tokenizer, "pre_tokenizer", "pretokenizers")) {
      String type = TokenizerScheme.type(step);
      steps.add(type);
      if (type.equals("Metaspace") && mayPrepend) {
        prefix = Optional.of(metaspace(step));
      } else if (!replaced || !splitsAtSpaces(step)) {
        prefix = Optional.empty();
        break;
      }
    }
    return prefix.orElseThrow(
        () ->
            tokenizer.failure(
                "'normalizer' and 'pre_tokenizer' have the steps "
                    + steps.stream().map(Section::shown).toList()
                    + ", which this engine does not know together; for BPE with byte_fallback it"
                    + " knows those of Llama 2 and Gemma."));
  }

  private static String normalizer(Section step) throws ModelFileException {
    String type = TokenizerScheme.type(step);
    boolean prepends = step.findText("prepend").orElse("").equals(MARK);
    boolean replaces = isSpace(step) && step.findText("content").orElse("").equals(MARK);
    return type.equals("Prepend") && prepends
        ? PREPEND
        : type.equals("Replace") && replaces ? REPLACE : type;
  }

  /** Gemma's files have this; it finds nothing, since no space is left. */
  private static boolean splitsAtSpaces(Section step) throws ModelFileException {
    return TokenizerScheme.type(step).equals("Split")
        && isSpace(step)
        && !step.findFlag("invert").orElse(false);
  }

  private static boolean isSpace(Section step) throws ModelFileException {
    Optional<Section> pattern = step.findSection("pattern");
    return pattern.isPresent() && pattern.get().findText("String").orElse("").equals(" ");
  }

  private static SpacePrefix metaspace(Section step) throws ModelFileException {
    if (!step.findText("replacement").orElse(MARK).equals(MARK)
        || step.findFlag("split").orElse(true)) {
      throw step.failure(
          "'pre_tokenizer' is a Metaspace that splits texts or has another character than U+2581,"
              + " which this engine does not do.");
    }
    boolean before = step.findFlag("add_prefix_space").orElse(true); // older files have only this
    String scheme = step.findText("prepend_scheme").orElse(before ? "always" : "never");
    return switch (scheme) {
      case "never" -> SpacePrefix.NEVER;
      case "always" -> SpacePrefix.UNLESS_SPACE;
      case "first" -> SpacePrefix.FIRST_UNLESS_SPACE;
      default ->
          throw step.failure(
              step.name("prepend_scheme")
                  + " is '"
                  + Section.shown(scheme)
                  + "'; this engine knows never, always and first.");
    };
  }
}
