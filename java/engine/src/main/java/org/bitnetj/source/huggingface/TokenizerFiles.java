package org.bitnetj.source.huggingface;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.VocabularySource;
import org.bitnetj.source.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * The tokenizer of a checkpoint: {@code tokenizer.json}, or without one SentencePiece's {@code
 * tokenizer.model} with what {@link PieceFolder} finds beside it, and the special tokens that
 * {@code tokenizer_config.json}, {@code generation_config.json} and {@code config.json} name. Files
 * are read once, when they are first asked for. Thread-safe.
 */
final class TokenizerFiles implements VocabularySource {
  private static final String TOKENIZER = "tokenizer.json";
  private static final String SENTENCE_PIECE = "tokenizer.model";
  private static final String ADDED = "added_tokens.json";
  private static final String SPECIAL_MAP = "special_tokens_map.json";
  private static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  private static final String GENERATION_CONFIG = "generation_config.json";
  private static final String TEMPLATE = "chat_template.jinja";

  private final Path folder;
  private @Nullable TokenizerTables tokenizer;
  private final Map<String, Optional<Section>> read = new HashMap<>(); // by names of files

  TokenizerFiles(Path folder) {
    this.folder = folder;
  }

  Path folder() {
    return folder;
  }

  private synchronized TokenizerTables tokenizer() throws ModelFileException {
    if (tokenizer == null) {
      Path file = folder.resolve(file());
      tokenizer =
          file().equals(TOKENIZER)
              ? TokenizerJson.of(Section.read(file))
              : SentencePieceModel.read(
                  file,
                  Section.findBytes(file)
                      .orElseThrow(() -> new ModelFileException(file + ": there is no such file.")),
                  new PieceFolder(config(), file(SPECIAL_MAP), file(ADDED)));
    }
    return tokenizer;
  }

  private Optional<Section> config() throws ModelFileException {
    return file(TOKENIZER_CONFIG);
  }

  private synchronized Optional<Section> file(String name) throws ModelFileException {
    Optional<Section> known = read.get(name);
    if (known == null) {
      known = Section.find(folder.resolve(name));
      read.put(name, known);
    }
    return known;
  }

  /** The chat template: a file of its own, or the one in the tokenizer's configuration. */
  Optional<String> chatTemplate() throws ModelFileException {
    Optional<String> file = Section.findText(folder.resolve(TEMPLATE));
    Optional<Section> config = config();
    if (file.isPresent() || config.isEmpty()) {
      return file;
    }
    if (!(config.get().members().get("chat_template") instanceof Json.Items templates)) {
      return config.get().findText("chat_template");
    }
    for (Json each : templates.all()) { // some models have several by names
      Section template = config.get().section("chat_template", each);
      if (template.findText("name").orElse("").equals("default")) {
        return template.findText("template");
      }
    }
    return Optional.empty();
  }

  @Override
  public Kind kind() throws ModelFileException {
    return tokenizer().scheme().kind();
  }

  @Override
  public String preTokenizer() throws ModelFileException {
    return tokenizer().scheme().preTokenizer();
  }

  @Override
  public boolean normalizes() throws ModelFileException {
    return tokenizer().scheme().normalizes();
  }

  @Override
  public OptionalInt findLength(Part table) throws ModelFileException {
    return switch (table) {
      case TOKENS -> OptionalInt.of(tokenizer().tokens().size());
      case TYPES -> OptionalInt.of(tokenizer().types().length);
      case MERGES -> OptionalInt.of(tokenizer().merges().size());
      case SCORES -> OptionalInt.of(tokenizer().scores().length);
      default -> OptionalInt.empty();
    };
  }

  @Override
  public StringArray texts(Part table) throws ModelFileException {
    return switch (table) {
      case TOKENS -> tokenizer().tokens();
      case MERGES -> tokenizer().merges();
      default -> throw new IllegalArgumentException(table + " is no table of texts");
    };
  }

  @Override
  public Optional<int[]> findTypes() throws ModelFileException {
    return Optional.of(tokenizer().types().clone());
  }

  @Override
  public float[] scores() throws ModelFileException {
    return tokenizer().scores().clone();
  }

  @Override
  public OptionalLong findToken(Part token) throws ModelFileException {
    return switch (token) {
      case BOS -> bos();
      case EOS -> first(ends());
      case UNKNOWN -> tokenizer().unknown();
      default -> OptionalLong.empty();
    };
  }

  private OptionalLong bos() throws ModelFileException {
    OptionalLong first = tokenizer().scheme().firstToken();
    if (first.isPresent()) {
      return first;
    }
    OptionalLong named = special("bos_token");
    return named.isPresent() ? named : first(ids(CheckpointConfig.FILE, "bos_token_id"));
  }

  /** The tokens that end texts: the tokenizer's own, then those that end generation. */
  private Set<Long> ends() throws ModelFileException {
    Set<Long> ends = new LinkedHashSet<>();
    special("eos_token").ifPresent(ends::add);
    ends.addAll(ids(GENERATION_CONFIG, "eos_token_id"));
    ends.addAll(ids(CheckpointConfig.FILE, "eos_token_id"));
    return ends;
  }

  @Override
  public List<Long> furtherEnds() throws ModelFileException {
    return ends().stream().skip(1).toList();
  }

  private static OptionalLong first(Set<Long> ids) {
    return ids.stream().mapToLong(Long::longValue).findFirst();
  }

  /** One id or several. */
  private Set<Long> ids(String file, String key) throws ModelFileException {
    Optional<Section> config = file(file);
    Set<Long> ids = new LinkedHashSet<>();
    if (config.isPresent() && config.get().has(key)) {
      Json value = config.get().members().get(key);
      List<Json> all = value instanceof Json.Items items ? items.all() : List.of(value);
      for (Json id : all) {
        ids.add(config.get().integer(key, id));
      }
    }
    return ids;
  }

  /** A special token that the configuration names by its text, or by an object with that. */
  private OptionalLong special(String key) throws ModelFileException {
    Optional<Section> config = config();
    if (config.isEmpty() || !config.get().has(key)) {
      return OptionalLong.empty();
    }
    Optional<String> text =
        config.get().members().get(key) instanceof Json.Members
            ? config.get().findSection(key).orElseThrow().findText("content")
            : config.get().findText(key);
    Map<String, Integer> ids = tokenizer().ids();
    if (text.isEmpty() || !ids.containsKey(text.get())) {
      throw config
          .get()
          .failure(
              config.get().name(key)
                  + " is '"
                  + Section.shown(text.orElse(""))
                  + "', a token that "
                  + file()
                  + " does not have.");
    }
    return OptionalLong.of(ids.get(text.get()));
  }

  @Override
  public Optional<Boolean> addsBos() throws ModelFileException {
    return Optional.of(adds(tokenizer().scheme().firstToken(), "add_bos_token"));
  }

  /** It need not be the token that ends a generation. */
  @Override
  public OptionalLong lastToken() throws ModelFileException {
    OptionalLong last = tokenizer().scheme().lastToken();
    return last.isPresent() || !adds(last, "add_eos_token") ? last : first(ends());
  }

  /** The template of the post-processor decides, and without one the configuration. */
  private boolean adds(OptionalLong token, String flag) throws ModelFileException {
    if (tokenizer().scheme().hasTemplate()) {
      return token.isPresent();
    }
    Optional<Section> config = config();
    // Without one, Hugging Face's tokenizer of SentencePiece's models begins texts.
    boolean otherwise = kind() == Kind.SENTENCE_PIECE && flag.equals("add_bos_token");
    return config.isPresent() && config.get().findFlag(flag).isPresent()
        ? config.get().findFlag(flag).get()
        : otherwise;
  }

  @Override
  public SpacePrefix spacePrefix() throws ModelFileException {
    return tokenizer().scheme().spacePrefix();
  }

  @Override
  public Surroundings surroundings() throws ModelFileException {
    return tokenizer().surroundings();
  }

  @Override
  public String name(Part part) {
    boolean pieces = file().equals(SENTENCE_PIECE);
    return switch (part) {
      case PRE_TOKENIZER -> "'pre_tokenizer'";
      case TOKENS -> pieces ? "the pieces" : "'model.vocab'";
      case TYPES -> pieces ? "the types of pieces" : "'added_tokens'";
      case SCORES -> "the scores";
      case MERGES -> pieces ? "the merges" : "'model.merges'";
      case BOS -> "'bos_token'";
      case EOS -> "'eos_token'";
      case EOT, EOM -> "'eos_token_id'";
      case UNKNOWN -> pieces ? "the unknown piece" : "'model.unk_token'";
    };
  }

  /** The file that has the tokens. */
  private String file() {
    boolean json = Files.exists(folder.resolve(TOKENIZER));
    return json || !Files.exists(folder.resolve(SENTENCE_PIECE)) ? TOKENIZER : SENTENCE_PIECE;
  }

  @Override
  public ModelFileException failure(String sentence) {
    return new ModelFileException(folder.resolve(file()) + ": " + sentence);
  }
}
