package org.bitnetj.source.gguf;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.source.Printable;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.VocabularySource;

/**
 * The tokenizer that the keys {@code tokenizer.ggml.*} describe: {@code model} {@code gpt2}
 * (byte-level BPE) or {@code llama} (SentencePiece BPE).
 *
 * @param metadata all keys of the file
 */
public record GgufVocabulary(Metadata metadata) implements VocabularySource {
  private static final String PREFIX = "tokenizer.ggml.";

  /** Most characters that a message quotes. */
  private static final int MOST_SHOWN = 80;

  @Override
  public Kind kind() throws ModelFileException {
    String model = metadata.text(PREFIX + "model");
    return switch (model) {
      case "gpt2" -> Kind.BYTE_LEVEL;
      case "llama" -> Kind.SENTENCE_PIECE;
      default ->
          throw failure(
              PREFIX
                  + "model is '"
                  + Printable.of(model, MOST_SHOWN)
                  + "'; this engine knows 'gpt2' (byte-level BPE) and"
                  + " 'llama' (SentencePiece BPE).");
    };
  }

  /** Microsoft's files name none, which makes it llama-bpe; in other files, gpt-2 is meant. */
  @Override
  public String preTokenizer() throws ModelFileException {
    Optional<String> named = metadata.findText(name(Part.PRE_TOKENIZER));
    if (named.isPresent()) {
      return named.get();
    }
    String family = metadata.findText(GgufSpec.FAMILY).orElse("");
    return Architecture.isBitNet2B4T(family) ? "llama-bpe" : "gpt-2";
  }

  @Override
  public OptionalInt findLength(Part table) throws ModelFileException {
    return metadata.findLength(name(table));
  }

  @Override
  public StringArray texts(Part table) throws ModelFileException {
    String key = name(table);
    return metadata.findTexts(key).orElseThrow(() -> metadata.missing(key));
  }

  @Override
  public Optional<int[]> findTypes() throws ModelFileException {
    return metadata.findIntegers(name(Part.TYPES));
  }

  @Override
  public float[] scores() throws ModelFileException {
    String key = name(Part.SCORES);
    return metadata.findFloats(key).orElseThrow(() -> metadata.missing(key));
  }

  @Override
  public OptionalLong findToken(Part token) throws ModelFileException {
    return metadata.findInteger(name(token));
  }

  @Override
  public Optional<Boolean> addsBos() throws ModelFileException {
    return metadata.findFlag(PREFIX + "add_bos_token");
  }

  @Override
  public Optional<Boolean> addsEos() throws ModelFileException {
    return metadata.findFlag(PREFIX + "add_eos_token");
  }

  @Override
  public SpacePrefix spacePrefix() throws ModelFileException {
    boolean adds = metadata.findFlag(PREFIX + "add_space_prefix").orElse(true);
    return adds ? SpacePrefix.ALWAYS : SpacePrefix.NEVER;
  }

  @Override
  public String name(Part part) {
    return PREFIX
        + switch (part) {
          case PRE_TOKENIZER -> "pre";
          case TOKENS -> "tokens";
          case TYPES -> "token_type";
          case SCORES -> "scores";
          case MERGES -> "merges";
          case BOS -> "bos_token_id";
          case EOS -> "eos_token_id";
          case EOT -> "eot_token_id";
          case EOM -> "eom_token_id";
          case UNKNOWN -> "unknown_token_id";
        };
  }

  @Override
  public ModelFileException failure(String sentence) {
    return metadata.failure(sentence);
  }
}
