package org.bitnetj.source.huggingface;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.VocabularySource.SpacePrefix;
import org.bitnetj.source.json.Json;

/**
 * What the files beside a {@code tokenizer.model} say of it, as transformers' tokenizers on
 * SentencePiece read them ({@code tokenization_utils_base.py}, {@code tokenization_llama.py}).
 *
 * @param config {@code tokenizer_config.json}
 * @param map {@code special_tokens_map.json}, which counts where the configuration has no added
 *     tokens
 * @param added {@code added_tokens.json}, likewise
 */
record PieceFolder(Optional<Section> config, Optional<Section> map, Optional<Section> added) {
  private static final String DECODER = "added_tokens_decoder";
  private static final String FURTHER = "additional_special_tokens";

  /** Keys of special tokens. */
  private static final List<String> NAMED =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  /**
   * The added tokens by their ids, the lowest first; those that are pieces too have their ids.
   *
   * @param pieces ids of the model's pieces by their texts
   */
  List<AddedToken> tokens(Map<String, Integer> pieces) throws ModelFileException {
    Map<String, AddedToken> tokens = new LinkedHashMap<>();
    Optional<Section> decoder =
        config.isPresent() ? config.get().findSection(DECODER) : Optional.empty();
    if (decoder.isPresent()) {
      for (Map.Entry<String, Json> entry : decoder.get().members().entrySet()) {
        Section token = decoder.get().section(entry.getKey(), entry.getValue());
        AddedToken each = AddedToken.of(token, id(decoder.get(), entry.getKey()));
        tokens.put(each.text(), each);
      }
      putNamed(tokens, config.get(), pieces);
    } else {
      Map<String, Integer> ids = new HashMap<>(pieces);
      for (Map.Entry<String, Integer> entry : further().entrySet()) {
        ids.put(entry.getKey(), entry.getValue());
      }
      for (Optional<Section> file : List.of(map, config)) {
        if (file.isPresent()) {
          putNamed(tokens, file.get(), ids);
        }
      }
      further().forEach((text, id) -> tokens.putIfAbsent(text, AddedToken.plain(id, text, false)));
    }
    List<AddedToken> sorted = new ArrayList<>(tokens.values());
    sorted.sort(Comparator.comparingInt(AddedToken::id));
    return sorted;
  }

  private static int id(Section decoder, String key) throws ModelFileException {
    return TokenizerJson.id(decoder, key, new Json.Numeral(key));
  }

  private Map<String, Integer> further() throws ModelFileException {
    Map<String, Integer> ids = new LinkedHashMap<>();
    if (added.isPresent()) {
      for (Map.Entry<String, Json> token : added.get().members().entrySet()) {
        ids.put(token.getKey(), TokenizerJson.id(added.get(), token.getKey(), token.getValue()));
      }
    }
    return ids;
  }

  /** Tokens that a file names, by texts or by objects; those that have no id are left out. */
  private static void putNamed(
      Map<String, AddedToken> tokens, Section file, Map<String, Integer> ids)
      throws ModelFileException {
    List<Json> named = new ArrayList<>(file.findItems(FURTHER).orElse(List.of()));
    NAMED.stream().filter(file::has).forEach(key -> named.add(file.members().get(key)));
    for (Json each : named) {
      Optional<Section> object =
          each instanceof Json.Members members
              ? Optional.of(file.section(FURTHER, members))
              : Optional.empty();
      String text =
          object.isPresent()
              ? object.get().findText("content").orElse("")
              : each instanceof Json.Text plain ? plain.value() : "";
      Integer id = ids.get(text);
      if (id != null && !tokens.containsKey(text)) {
        AddedToken token =
            object.isPresent()
                ? AddedToken.of(object.get(), id).asSpecial()
                : AddedToken.plain(id, text, true);
        tokens.put(text, token);
      }
    }
  }

  /**
   * Where a space comes before texts. The model's own way puts one before each part of a text
   * between added tokens; where {@code legacy} is false, the tokenizer does it itself, before the
   * whole text.
   *
   * @param model whether the model puts one
   */
  SpacePrefix spacePrefix(boolean model) throws ModelFileException {
    boolean legacy = config.isEmpty() || config.get().findFlag("legacy").orElse(true);
    boolean asked = config.isEmpty() || config.get().findFlag("add_prefix_space").orElse(true);
    if (!legacy) {
      return asked ? SpacePrefix.FIRST : SpacePrefix.NEVER;
    }
    if (model && !asked) {
      throw config
          .get()
          .failure(
              "'add_prefix_space' is false, but 'legacy' is not, with which tokenizers of"
                  + " transformers differ in whether a space comes before texts.");
    }
    return model ? SpacePrefix.ALWAYS : SpacePrefix.NEVER;
  }
}
