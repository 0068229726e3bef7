package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.gguf.GgufVocabulary;
import org.junit.jupiter.api.Test;

/** Each damage is one sentence that names the key and the entry. */
class DamagedVocabularyTest {
  private static String refusal(MemoryMetadata metadata) {
    String sentence =
        assertThrows(ModelFileException.class, () -> Tokenizer.of(new GgufVocabulary(metadata)))
            .getMessage();
    assertTrue(sentence.endsWith("."), sentence);
    return sentence;
  }

  private static MemoryMetadata byteLevel() {
    return SmallVocabulary.byteLevel().merge("a", "b").metadata();
  }

  private static MemoryMetadata sentencePiece() {
    return SmallVocabulary.sentencePiece().piece("▁", TokenType.NORMAL, 0).metadata();
  }

  @Test
  void unknownKinds() {
    assertEquals("tokenizer.ggml.model is missing.", refusal(new MemoryMetadata()));
    assertEquals(
        "tokenizer.ggml.model is 'bert'; this engine knows 'gpt2' (byte-level BPE) and 'llama'"
            + " (SentencePiece BPE).",
        refusal(byteLevel().with("tokenizer.ggml.model", "bert")));
    assertEquals(
        "tokenizer.ggml.pre is 'tekken', a pre-tokenizer this engine does not know; it knows"
            + " deepseek-r1-qwen, deepseek-v3, falcon, falcon-digits, falcon3, falcon_e,"
            + " falcon_e-digits, gpt-2, hunyuan, hunyuan-dense, llama-bpe, llama-v3, llama3, phi-2,"
            + " qwen2, qwen35, smaug-bpe.",
        refusal(byteLevel().with("tokenizer.ggml.pre", "tekken")));
  }

  @Test
  void whatAMessageQuotesIsSafeToShowAndNotLong() {
    String hostile = "a\u001b[2J\n" + "b".repeat(1000);
    String shown = "'a\\u{1b}[2J\\n" + "b".repeat(80 - 12) + "…'";
    for (String key : List.of("model", "pre")) {
      String sentence = refusal(byteLevel().with("tokenizer.ggml." + key, hostile));
      assertTrue(sentence.startsWith("tokenizer.ggml." + key + " is " + shown), sentence);
    }
    for (String merge : List.of(hostile, hostile + " b")) {
      String sentence = refusal(byteLevel().with("tokenizer.ggml.merges", List.of(merge)));
      assertTrue(sentence.startsWith("tokenizer.ggml.merges: entry 0 " + shown), sentence);
      assertTrue(sentence.length() < 200, sentence);
    }
    String twice =
        refusal(
            SmallVocabulary.sentencePiece()
                .piece("x\u009b", TokenType.NORMAL, 0)
                .piece("x\u009b", TokenType.NORMAL, 0)
                .metadata());
    assertTrue(twice.contains(" are both 'x\\u{9b}'"), twice);
    String spelled =
        refusal(SmallVocabulary.sentencePiece().piece("<\u001b>", TokenType.BYTE, 0).metadata());
    assertTrue(spelled.contains(" '<\\u{1b}>' is of type byte"), spelled);
  }

  @Test
  void missingTables() {
    for (String key : List.of("tokens", "merges")) {
      String name = "tokenizer.ggml." + key;
      assertEquals(name + " is missing.", refusal(byteLevel().without(name)));
    }
    assertEquals(
        "tokenizer.ggml.scores is missing.",
        refusal(sentencePiece().without("tokenizer.ggml.scores")));
    assertEquals(
        "tokenizer.ggml.tokens is empty; the file has no vocabulary.",
        refusal(byteLevel().with("tokenizer.ggml.tokens", List.of())));
  }

  @Test
  void tokensOfTooManyBytesInAll() {
    assertEquals(
        "tokenizer.ggml.tokens: the first 4097 tokens have more than the 16777216 bytes that a"
            + " vocabulary can need; the file is damaged.",
        refusal(
            byteLevel()
                .without("tokenizer.ggml.token_type")
                .with("tokenizer.ggml.tokens", Collections.nCopies(5000, "a".repeat(4096)))));
  }

  @Test
  void tablesOfAnotherLength() {
    assertEquals(
        "tokenizer.ggml.token_type has 3 entries, but there are 257 tokens.",
        refusal(byteLevel().with("tokenizer.ggml.token_type", new int[3])));
    assertEquals(
        "tokenizer.ggml.scores has 1 entries, but there are 260 tokens.",
        refusal(sentencePiece().with("tokenizer.ggml.scores", new float[1])));
  }

  @Test
  void badEntries() {
    int[] types = new int[257];
    types[7] = 9;
    assertEquals(
        "tokenizer.ggml.token_type: token 7 is of type 9; types are 1 to 6.",
        refusal(byteLevel().with("tokenizer.ggml.token_type", types)));
    float[] scores = new float[260];
    scores[4] = Float.NaN;
    assertEquals(
        "tokenizer.ggml.scores: the score of token 4 is not a number.",
        refusal(sentencePiece().with("tokenizer.ggml.scores", scores)));
    assertEquals(
        "tokenizer.ggml.tokens: token 259 '<0x1>' is of type byte but not spelled <0x00> to"
            + " <0xFF>.",
        refusal(SmallVocabulary.sentencePiece().token("<0x1>", TokenType.BYTE).metadata()));
  }

  @Test
  void badMerges() {
    for (String merge : List.of("ab", "a ", " a", "")) {
      assertEquals(
          "tokenizer.ggml.merges: entry 0 '" + merge + "' is not two pieces with a space between.",
          refusal(byteLevel().with("tokenizer.ggml.merges", List.of(merge))));
    }
    for (String merge : List.of("b a", "ab a", "a ab", "中 a", "a 中")) {
      assertEquals(
          "tokenizer.ggml.merges: entry 1 '"
              + merge
              + "' needs a token that is not in the vocabulary.",
          refusal(byteLevel().with("tokenizer.ggml.merges", List.of("a b", merge))));
    }
  }

  @Test
  void idsOutsideTheVocabulary() {
    for (String key : List.of("bos", "eos", "eot", "eom", "unknown")) {
      String name = "tokenizer.ggml." + key + "_token_id";
      for (long id : new long[] {257, -1, 1L << 32}) {
        assertEquals(
            name + " is " + id + ", but there are only 257 tokens.",
            refusal(byteLevel().with(name, id)));
      }
    }
  }

  @Test
  void duplicateTokens() {
    assertEquals(
        "tokenizer.ggml.tokens: tokens 97 and 256 are both 'a'; text could become either.",
        refusal(
            SmallVocabulary.byteLevel()
                .token("a", TokenType.NORMAL)
                .metadata()
                .with("tokenizer.ggml.pre", "qwen2")));
    assertEquals(
        "tokenizer.ggml.tokens: tokens 1 and 259 are both '<s>'; text could become either.",
        refusal(SmallVocabulary.sentencePiece().token("<s>", TokenType.CONTROL).metadata()));
  }

  @Test
  void textThatCouldNotBeEncoded() {
    assertEquals(
        "tokenizer.ggml.tokens: no token stands for byte 0x00 and there is no unknown token; text"
            + " with that byte could not be encoded.",
        refusal(
            new MemoryMetadata()
                .with("tokenizer.ggml.model", "gpt2")
                .with("tokenizer.ggml.tokens", List.of("a", "b"))
                .with("tokenizer.ggml.merges", List.of())));
  }
}
