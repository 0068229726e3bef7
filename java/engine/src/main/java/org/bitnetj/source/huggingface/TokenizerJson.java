package org.bitnetj.source.huggingface;

import static org.bitnetj.source.huggingface.TokenizerTables.BYTE;
import static org.bitnetj.source.huggingface.TokenizerTables.MOST_TOKENS;
import static org.bitnetj.source.huggingface.TokenizerTables.NORMAL;
import static org.bitnetj.source.huggingface.TokenizerTables.UNKNOWN;
import static org.bitnetj.source.huggingface.TokenizerTables.UNUSED;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.VocabularySource.SpacePrefix;
import org.bitnetj.source.json.Json;

/** Reads a {@code tokenizer.json} with a BPE model. Format: Hugging Face's {@code tokenizers}. */
final class TokenizerJson {
  private static final Pattern BYTE_TOKEN = Pattern.compile("<0x[0-9A-F]{2}>");

  private TokenizerJson() {}

  /**
   * The tables of a file.
   *
   * @throws ModelFileException if it is damaged or asks for what the engine does not do
   */
  static TokenizerTables of(Section tokenizer) throws ModelFileException {
    Section model = tokenizer.findSection("model").orElseThrow(() -> tokenizer.missing("model"));
    String type = model.findText("type").orElse("BPE");
    if (!type.equals("BPE")) {
      throw model.failure(
          "'model' is of type '" + Section.shown(type) + "'; this engine reads BPE here.");
    }
    for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      if (!model.findText(affix).orElse("").isEmpty()) {
        throw model.failure(model.name(affix) + " is set, which this engine does not compute.");
      }
    }
    boolean byteFallback = model.findFlag("byte_fallback").orElse(false);
    TokenizerScheme scheme =
        TokenizerScheme.of(tokenizer, byteFallback, model.findFlag("ignore_merges").orElse(false));
    Section vocabulary = model.findSection("vocab").orElseThrow(() -> model.missing("vocab"));
    Map<String, Integer> ids = HashMap.newHashMap(vocabulary.members().size());
    for (Map.Entry<String, Json> entry : vocabulary.members().entrySet()) {
      ids.put(entry.getKey(), id(vocabulary, entry.getKey(), entry.getValue()));
    }
    Map<Integer, AddedToken> added = added(tokenizer, scheme, ids);
    int size = ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
    String[] tokens = new String[size];
    int[] types = new int[size];
    Arrays.fill(types, UNUSED);
    for (Map.Entry<String, Integer> entry : ids.entrySet()) {
      int id = entry.getValue();
      if (tokens[id] != null) {
        throw vocabulary.failure(
            "tokens '"
                + Section.shown(tokens[id])
                + "' and '"
                + Section.shown(entry.getKey())
                + "' have the same id "
                + id
                + "; the file is damaged.");
      }
      tokens[id] = entry.getKey();
      types[id] =
          byteFallback && BYTE_TOKEN.matcher(tokens[id]).matches()
              ? BYTE
              : added.containsKey(id) ? added.get(id).type() : NORMAL;
    }
    for (int id = 0; id < size; id++) {
      if (tokens[id] == null) {
        tokens[id] = "[PAD" + id + "]"; // as llama.cpp's converter has it
        if (ids.containsKey(tokens[id])) {
          throw vocabulary.failure("no token has the id " + id + "; the file is damaged.");
        }
      }
    }
    OptionalLong unknown = OptionalLong.empty();
    if (ids.get(model.findText("unk_token").orElse("")) instanceof Integer id) {
      unknown = OptionalLong.of(id);
      types[id] = byteFallback ? UNKNOWN : types[id];
    }
    return new TokenizerTables(
        scheme,
        TokenizerTables.texts(List.of(tokens)),
        types,
        new float[0],
        TokenizerTables.texts(merges(model)),
        ids,
        unknown,
        AddedToken.surroundings(added.values()));
  }

  /** Puts the added tokens among the others and gives them by their ids. */
  private static Map<Integer, AddedToken> added(
      Section tokenizer, TokenizerScheme scheme, Map<String, Integer> ids)
      throws ModelFileException {
    Map<Integer, AddedToken> added = new HashMap<>();
    for (Json each : tokenizer.findItems("added_tokens").orElse(List.of())) {
      Section section = tokenizer.section("added_tokens", each);
      int id = id(section, "id", section.members().getOrDefault("id", Json.Literal.NULL));
      AddedToken token = AddedToken.of(section, id);
      Integer other = ids.put(token.text(), id);
      if (other != null && other != id) {
        throw section.failure(
            "token '"
                + Section.shown(token.text())
                + "' has the ids "
                + other
                + " and "
                + id
                + "; the file is damaged.");
      }
      if (other != null && token.singleWord() && !token.special()) {
        throw section.failure(
            "token '"
                + Section.shown(token.text())
                + "' has single_word, but parts of words may become it too, since it is in"
                + " model.vocab; this engine does not do both.");
      }
      boolean prepends = scheme.spacePrefix() == SpacePrefix.ALWAYS;
      if (!token.special() && prepends && token.normalized()) {
        throw section.failure(
            "token '"
                + Section.shown(token.text())
                + "' is normalized, and so found after a space only, which this engine does not"
                + " do.");
      }
      added.put(id, token);
    }
    return added;
  }

  /** An id that a file gives to a token. */
  static int id(Section section, String key, Json value) throws ModelFileException {
    long id = section.integer(key, value);
    if (id < 0 || id >= MOST_TOKENS) {
      throw section.failure(
          section.name(key) + " is the id " + id + ", but ids are below " + MOST_TOKENS + ".");
    }
    return (int) id;
  }

  /** Merges are texts of two pieces, or in newer files arrays of two. */
  private static List<String> merges(Section model) throws ModelFileException {
    List<Json> items = model.findItems("merges").orElseThrow(() -> model.missing("merges"));
    List<String> merges = new ArrayList<>(items.size());
    for (Json item : items) {
      if (item instanceof Json.Text text) {
        merges.add(text.value());
      } else if (item instanceof Json.Items pair
          && pair.all().size() == 2
          && pair.all().getFirst() instanceof Json.Text left
          && pair.all().getLast() instanceof Json.Text right) {
        merges.add(left.value() + " " + right.value());
      } else {
        throw model.failure(
            model.name("merges") + ": entry " + merges.size() + " is not two pieces of text.");
      }
    }
    return merges;
  }
}
