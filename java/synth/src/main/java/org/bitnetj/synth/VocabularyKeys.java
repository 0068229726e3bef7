package org.bitnetj.synth;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;

/** The metadata keys of a vocabulary, ready to be written. */
sealed interface VocabularyKeys extends AutoCloseable {
  String ADD_BOS = "tokenizer.ggml.add_bos_token";
  String TOKENS = "tokenizer.ggml.tokens";

  static VocabularyKeys of(SyntheticVocabulary vocabulary, int size) throws ModelFileException {
    return switch (vocabulary) {
      case SyntheticVocabulary.Dummy d -> new MadeUp(size);
      case SyntheticVocabulary.CopiedFrom from -> Copied.open(from.file());
    };
  }

  /** Number of tokens. */
  int size();

  /** Whether texts start with the begin token; published files have this key before the others. */
  void addBos(GgufHeader header);

  /** All other keys. */
  void addTokens(GgufHeader header);

  @Override
  void close();

  /** Those of another file. */
  record Copied(GgufFile file, int size) implements VocabularyKeys {
    private static final String PREFIX = "tokenizer.";

    static Copied open(Path path) throws ModelFileException {
      GgufFile file = GgufFile.open(path);
      try {
        int size =
            file.metadata()
                .findTexts(TOKENS)
                .orElseThrow(() -> file.metadata().missing(TOKENS))
                .size();
        if (size == 0) {
          throw new ModelFileException(path + ": metadata key '" + TOKENS + "' lists no tokens.");
        }
        return new Copied(file, size);
      } catch (ModelFileException e) {
        file.close();
        throw e;
      }
    }

    @Override
    public void addBos(GgufHeader header) {
      if (file.metadata().keys().contains(ADD_BOS)) {
        header.copy(file, ADD_BOS);
      }
    }

    @Override
    public void addTokens(GgufHeader header) {
      for (String key : file.metadata().keys()) {
        if (key.startsWith(PREFIX) && !key.equals(ADD_BOS)) {
          header.copy(file, key);
        }
      }
    }

    @Override
    public void close() {
      file.close();
    }
  }

  /** See {@link SyntheticVocabulary.Dummy}. */
  record MadeUp(int size) implements VocabularyKeys {
    private static final int LEAST = 300;
    private static final int NORMAL = 1;
    private static final int CONTROL = 3;

    public MadeUp {
      if (size < LEAST) {
        throw new IllegalArgumentException("a dummy vocabulary has at least " + LEAST + " tokens");
      }
    }

    @Override
    public void addBos(GgufHeader header) {
      header.flag(ADD_BOS, true);
    }

    @Override
    public void addTokens(GgufHeader header) {
      int bos = size - 2;
      int eos = size - 1;
      List<String> tokens = byteTokens();
      tokens.add("ĠĠ");
      while (tokens.size() < bos) {
        tokens.add("<|dummy_" + tokens.size() + "|>");
      }
      tokens.add("<|begin_of_text|>");
      tokens.add("<|end_of_text|>");
      int[] types = new int[size];
      Arrays.fill(types, NORMAL);
      types[bos] = CONTROL;
      types[eos] = CONTROL;
      header
          .text("tokenizer.ggml.model", "gpt2")
          .text("tokenizer.ggml.pre", "llama-bpe")
          .texts(TOKENS, tokens)
          .f32s("tokenizer.ggml.scores", new float[size])
          .i32s("tokenizer.ggml.token_type", types)
          .texts("tokenizer.ggml.merges", List.of("Ġ Ġ"))
          .u32("tokenizer.ggml.bos_token_id", bos)
          .u32("tokenizer.ggml.eos_token_id", eos)
          .u32("tokenizer.ggml.padding_token_id", eos);
    }

    /**
     * One character for each byte as GPT-2 writes them: printable Latin-1 as itself, then the other
     * bytes in rising order as U+0100 onwards.
     */
    private static List<String> byteTokens() {
      List<String> tokens = new ArrayList<>();
      List<String> hidden = new ArrayList<>();
      for (int b = 0; b < 256; b++) {
        if ((b > 0x20 && b < 0x7F) || (b > 0xA0 && b != 0xAD)) {
          tokens.add(Character.toString(b));
        } else {
          hidden.add(Character.toString(0x100 + hidden.size()));
        }
      }
      tokens.addAll(hidden);
      return tokens;
    }

    @Override
    public void close() {}
  }
}
