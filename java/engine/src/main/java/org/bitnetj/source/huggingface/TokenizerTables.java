package org.bitnetj.source.huggingface;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.VocabularySource.Surroundings;

/**
 * The tables of a tokenizer.
 *
 * @param scheme how it cuts texts
 * @param tokens by their ids; an id that none has gets a name that no text has
 * @param types GGUF's numbers for the types of tokens
 * @param scores of tokens, for pieces that these join
 * @param merges two pieces with a space between
 * @param ids of tokens by their texts
 * @param unknown the unknown token
 * @param surroundings what tokens ask of the text beside them
 */
record TokenizerTables(
    TokenizerScheme scheme,
    StringArray tokens,
    int[] types,
    float[] scores,
    StringArray merges,
    Map<String, Integer> ids,
    OptionalLong unknown,
    Surroundings surroundings) {
  /** More ids than any vocabulary has; the tables take memory by the largest. */
  static final int MOST_TOKENS = 1 << 20;

  static final int NORMAL = 1;
  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;
  static final int BYTE = 6;

  static StringArray texts(List<String> all) {
    return Texts.of(all);
  }

  /** Texts in memory. */
  private record Texts(List<String> all, int longest) implements StringArray {
    static Texts of(List<String> all) {
      return new Texts(all, all.stream().mapToInt(text -> utf8(text).length).max().orElse(0));
    }

    private static byte[] utf8(String text) {
      return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public int size() {
      return all.size();
    }

    @Override
    public byte[] bytes(int index) {
      return utf8(all.get(index));
    }

    @Override
    public String get(int index) {
      return all.get(index);
    }
  }
}
