package org.bitnetj.source.gguf;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
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

  static final String MODEL = PREFIX + "model";
  static final String ADDS_BOS = PREFIX + "add_bos_token";
  static final String ADDS_EOS = PREFIX + "add_eos_token";
  static final String ADDS_SPACE = PREFIX + "add_space_prefix";

  /** This project's own key: a {@link VocabularySource.SpacePrefix} that a flag cannot say. */
  static final String SPACE_PREFIX = "bitnet.tokenizer.space_prefix";

  /** This project's own key: whether SentencePiece's pieces are joined by the rank of merges. */
  static final String RANKED_PIECES = "bitnet.tokenizer.ranked_pieces";

  /** This project's own key: "nfc" where texts are put into Unicode's normal form C. */
  static final String NORMALIZER = "bitnet.tokenizer.normalizer";

  static final String NFC = "nfc";

  /** This project's own keys: ids of tokens that take the white space before or after them. */
  static final String STRIPS_BEFORE = "bitnet.tokenizer.strips_before";

  static final String STRIPS_AFTER = "bitnet.tokenizer.strips_after";

  /** This project's own key: ids of tokens beside which no character of a word may be. */
  static final String SINGLE_WORDS = "bitnet.tokenizer.single_words";

  /** This project's own key: ids of tokens that end a generation beside those with keys. */
  static final String FURTHER_ENDS = "bitnet.tokenizer.further_ends";

  private static final int BYTE = 6; // a token's type

  /** Most characters that a message quotes. */
  private static final int MOST_SHOWN = 80;

  /**
   * That a file of SentencePiece's pieces has merges says nothing: llama.cpp's converter writes
   * them too where it finds them, and joins pieces by scores.
   */
  @Override
  public Kind kind() throws ModelFileException {
    String model = metadata.text(MODEL);
    if (isGemmaOfBitNet()) {
      return Kind.RANKED_PIECES;
    }
    return switch (model) {
      case "gpt2" -> Kind.BYTE_LEVEL;
      case "llama" ->
          metadata.findFlag(RANKED_PIECES).orElse(false) ? Kind.RANKED_PIECES : Kind.SENTENCE_PIECE;
      default ->
          throw failure(
              MODEL
                  + " is '"
                  + Printable.of(model, MOST_SHOWN)
                  + "'; this engine knows 'gpt2' (byte-level BPE) and"
                  + " 'llama' (SentencePiece BPE).");
    };
  }

  /**
   * BitNet's embedding model of Gemma's family, whose converter ({@code
   * convert-bitnet-embedding-270m-to-gguf.py}) writes SentencePiece's pieces, calls them byte-level
   * with the pre-tokenizer "default", and those for bytes ordinary.
   */
  private boolean isGemmaOfBitNet() throws ModelFileException {
    return metadata.text(MODEL).equals("gpt2")
        && metadata.findText(name(Part.PRE_TOKENIZER)).orElse("").equals("default")
        && metadata.findText(GgufSpec.FAMILY).orElse("").equals(Architecture.GEMMA3.label());
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
  public boolean normalizes() throws ModelFileException {
    Optional<String> named = metadata.findText(NORMALIZER);
    if (named.isPresent() && !named.get().equals(NFC)) {
      throw unknown(NORMALIZER, named.get());
    }
    return named.isPresent();
  }

  private ModelFileException unknown(String key, String value) {
    return failure(
        key + " is '" + Printable.of(value, MOST_SHOWN) + "', which this engine does not know.");
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
    Optional<int[]> types = metadata.findIntegers(name(Part.TYPES));
    if (types.isPresent() && isGemmaOfBitNet()) {
      StringArray tokens = texts(Part.TOKENS);
      for (int id = 0; id < Math.min(types.get().length, tokens.size()); id++) {
        if (tokens.get(id).matches("<0x[0-9A-F]{2}>")) {
          types.get()[id] = BYTE;
        }
      }
    }
    return types;
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
  public List<Long> furtherEnds() throws ModelFileException {
    int[] ids = metadata.findIntegers(FURTHER_ENDS).orElse(new int[0]);
    return Arrays.stream(ids).asLongStream().boxed().toList();
  }

  @Override
  public Optional<Boolean> addsBos() throws ModelFileException {
    return metadata.findFlag(ADDS_BOS);
  }

  @Override
  public OptionalLong lastToken() throws ModelFileException {
    boolean adds = metadata.findFlag(ADDS_EOS).orElse(false);
    return adds ? findToken(Part.EOS) : OptionalLong.empty();
  }

  @Override
  public SpacePrefix spacePrefix() throws ModelFileException {
    Optional<String> named = metadata.findText(SPACE_PREFIX);
    if (named.isPresent()) {
      return Arrays.stream(SpacePrefix.values())
          .filter(prefix -> prefix.name().toLowerCase(Locale.ROOT).equals(named.get()))
          .findFirst()
          .orElseThrow(() -> unknown(SPACE_PREFIX, named.get()));
    }
    boolean adds = metadata.findFlag(ADDS_SPACE).orElse(!isGemmaOfBitNet());
    return adds ? SpacePrefix.ALWAYS : SpacePrefix.NEVER;
  }

  @Override
  public Surroundings surroundings() throws ModelFileException {
    return new Surroundings(ids(STRIPS_BEFORE), ids(STRIPS_AFTER), ids(SINGLE_WORDS));
  }

  private Set<Integer> ids(String key) throws ModelFileException {
    int[] ids = metadata.findIntegers(key).orElse(new int[0]);
    return Arrays.stream(ids).boxed().collect(Collectors.toSet());
  }

  @Override
  public String name(Part part) {
    return key(part);
  }

  /** The key of a part. */
  static String key(Part part) {
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
