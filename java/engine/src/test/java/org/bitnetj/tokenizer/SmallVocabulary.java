package org.bitnetj.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Small made-up vocabularies, as metadata that a test may damage before it is read. */
public final class SmallVocabulary {
  private final List<String> tokens = new ArrayList<>();
  private final List<Integer> types = new ArrayList<>();
  private final List<Float> scores = new ArrayList<>();
  private final List<String> merges = new ArrayList<>();
  private final boolean byteLevel;

  private SmallVocabulary(boolean byteLevel) {
    this.byteLevel = byteLevel;
  }

  /** The 256 bytes as ids 0 to 255. */
  public static SmallVocabulary byteLevel() {
    SmallVocabulary vocabulary = new SmallVocabulary(true);
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b > 32 && b < 127) || (b > 160 && b != 173);
      vocabulary.token(Character.toString(printable ? b : next++), TokenType.NORMAL);
    }
    return vocabulary;
  }

  /** Unknown, begin and end as ids 0 to 2, then the 256 byte tokens. */
  public static SmallVocabulary sentencePiece() {
    SmallVocabulary vocabulary = new SmallVocabulary(false);
    vocabulary.token("<unk>", TokenType.UNKNOWN);
    vocabulary.token("<s>", TokenType.CONTROL);
    vocabulary.token("</s>", TokenType.CONTROL);
    for (int b = 0; b < 256; b++) {
      vocabulary.token("<0x%02X>".formatted(b), TokenType.BYTE);
    }
    return vocabulary;
  }

  public SmallVocabulary token(String text, TokenType type) {
    return piece(text, type, 0);
  }

  public SmallVocabulary piece(String text, TokenType type, float score) {
    tokens.add(text);
    types.add(type.id());
    scores.add(score);
    return this;
  }

  /** Adds the merge and its result. */
  public SmallVocabulary merge(String left, String right) {
    merges.add(left + " " + right);
    return tokens.contains(left + right) ? this : token(left + right, TokenType.NORMAL);
  }

  public int id(String text) {
    return tokens.indexOf(text);
  }

  public MemoryMetadata metadata() {
    float[] scoreArray = new float[scores.size()];
    for (int i = 0; i < scoreArray.length; i++) {
      scoreArray[i] = scores.get(i);
    }
    MemoryMetadata metadata =
        new MemoryMetadata()
            .with("tokenizer.ggml.tokens", List.copyOf(tokens))
            .with("tokenizer.ggml.token_type", types.stream().mapToInt(i -> i).toArray());
    return byteLevel
        ? metadata
            .with("tokenizer.ggml.model", "gpt2")
            .with("tokenizer.ggml.pre", "gpt-2")
            .with("tokenizer.ggml.merges", List.copyOf(merges))
        : metadata
            .with("tokenizer.ggml.model", "llama")
            .with("tokenizer.ggml.scores", Arrays.copyOf(scoreArray, scoreArray.length));
  }
}
