package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.bitnetj.source.gguf.GgufVocabulary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
  private static final String OFFICIAL = "bitnet-2b-4t-vocab-as-official.gguf";

  private static String randomText(Random random, int length) {
    StringBuilder text = new StringBuilder();
    while (text.length() < length) {
      int c =
          switch (random.nextInt(5)) {
            case 0 -> random.nextInt(128);
            case 1 -> 'a' + random.nextInt(26);
            case 2 -> ' ';
            case 3 -> random.nextInt(0x3000);
            default -> random.nextInt(Character.MAX_CODE_POINT + 1);
          };
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        text.appendCodePoint(c);
      }
    }
    return text.toString();
  }

  @Test
  void everyTextComesBackFromItsTokens() throws IOException {
    Tokenizer tokenizer = Vocabularies.shipped();
    Random random = new Random(11);
    for (int i = 0; i < 2_000; i++) {
      String text = randomText(random, random.nextInt(80));
      assertEquals(text, tokenizer.decode(tokenizer.encode(text, false, false)));
      assertEquals(text, tokenizer.decode(tokenizer.encode(text, true, true)));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        OFFICIAL,
        "ggml-vocab-qwen2.gguf",
        "ggml-vocab-gpt-2.gguf",
        "ggml-vocab-llama-spm.gguf"
      })
  void everyTextComesBackFromOtherVocabularies(String vocabulary) throws IOException {
    Tokenizer tokenizer = Vocabularies.shared(vocabulary);
    Random random = new Random(12);
    for (int i = 0; i < 1_000; i++) {
      String text = randomText(random, random.nextInt(80)).replace('▁', '_');
      assertEquals(text, tokenizer.decode(tokenizer.encode(text, false, false)));
    }
  }

  @Test
  void bytesAndStringsGiveTheSameTokens() throws IOException {
    Tokenizer tokenizer = Vocabularies.shipped();
    Random random = new Random(13);
    for (int i = 0; i < 500; i++) {
      String text = randomText(random, 60);
      assertArrayEquals(
          tokenizer.encode(text, false, false),
          tokenizer.encode(text.getBytes(StandardCharsets.UTF_8), false, false));
    }
  }

  @Test
  void aSurrogateWithoutItsPartnerIsReadAsReplacement() throws IOException {
    Tokenizer tokenizer = Vocabularies.shipped();
    for (String broken : List.of("a\uD83Eb", "a\uDD99b", "a\uDD99\uD83Eb", "ab\uD83E")) {
      String replaced = broken.replace('\uD83E', '\uFFFD').replace('\uDD99', '\uFFFD');
      assertEquals(replaced, tokenizer.decode(tokenizer.encode(broken, false, false)));
    }
  }

  @Test
  void eachBadByteIsReadAsReplacement() throws IOException {
    Tokenizer tokenizer = Vocabularies.shipped();
    byte[] overlongTruncatedSurrogateTooBig = {
      'a',
      (byte) 0xC0,
      (byte) 0xAF,
      'b',
      (byte) 0xE2,
      (byte) 0x82,
      'c',
      (byte) 0xED,
      (byte) 0xA0,
      (byte) 0x80,
      'd',
      (byte) 0xF4,
      (byte) 0x90,
      (byte) 0x80,
      (byte) 0x80,
      (byte) 0xF0
    };
    assertEquals(
        "a\uFFFD\uFFFDb\uFFFD\uFFFDc\uFFFD\uFFFD\uFFFDd\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD",
        tokenizer.decode(tokenizer.encode(overlongTruncatedSurrogateTooBig, false, false)));
  }

  @Test
  void beginsWithBosWhenAsked() throws IOException {
    Tokenizer tokenizer = Vocabularies.shipped();
    int bos = tokenizer.bos().orElseThrow();
    int[] plain = tokenizer.encode("Once", false, false);
    int[] begun = tokenizer.encode("Once", false, true);
    assertEquals(bos, begun[0]);
    assertEquals(plain.length + 1, begun.length);
    assertArrayEquals(new int[] {bos}, tokenizer.encode("", false, true));
    assertTrue(tokenizer.addsBos());
    assertArrayEquals(begun, tokenizer.encodeDocument("Once", false));
  }

  @Test
  void endsWithEosWhereTheFileAsksForIt() throws IOException {
    SmallVocabulary vocabulary =
        SmallVocabulary.byteLevel()
            .token("<begin>", TokenType.CONTROL)
            .token("<end>", TokenType.CONTROL);
    MemoryMetadata metadata =
        vocabulary
            .metadata()
            .with("tokenizer.ggml.bos_token_id", (long) vocabulary.id("<begin>"))
            .with("tokenizer.ggml.eos_token_id", (long) vocabulary.id("<end>"));
    int a = vocabulary.id("a");
    assertArrayEquals(
        new int[] {a}, Tokenizer.of(new GgufVocabulary(metadata)).encodeDocument("a", false));
    metadata.with("tokenizer.ggml.add_bos_token", true).with("tokenizer.ggml.add_eos_token", true);
    Tokenizer both = Tokenizer.of(new GgufVocabulary(metadata));
    assertArrayEquals(
        new int[] {vocabulary.id("<begin>"), a, vocabulary.id("<end>")},
        both.encodeDocument("a", false));
    assertEquals(Set.of(vocabulary.id("<end>")), both.endTokens());
  }

  @Test
  void knowsAllEndTokensOfMicrosoftsFile() throws IOException {
    Tokenizer tokenizer = Vocabularies.shared(OFFICIAL);
    assertEquals(Set.of(128001, 128009), tokenizer.endTokens());
    assertEquals(OptionalInt.of(128000), tokenizer.bos());
    assertEquals(OptionalInt.of(128001), tokenizer.eos());
    assertEquals(OptionalInt.of(128009), tokenizer.eot());
    assertEquals(OptionalInt.of(128006), tokenizer.findSpecial("<|start_header_id|>"));
    assertTrue(tokenizer.isSpecial(128009));
    assertFalse(tokenizer.isSpecial(127999));
    assertEquals("<|eot_id|>", new String(tokenizer.bytes(128009), StandardCharsets.UTF_8));
    assertEquals("a<|eot_id|>", tokenizer.decode(new int[] {64, 128009}, true));
    assertEquals("a", tokenizer.decode(64, 128009));
  }

  @Test
  void userDefinedTokensAreAlwaysRecognisedAndControlTokensOnlyWhenAsked() throws IOException {
    SmallVocabulary vocabulary =
        SmallVocabulary.byteLevel()
            .token("<|x|>", TokenType.CONTROL)
            .token("<y>", TokenType.USER_DEFINED);
    Tokenizer tokenizer = Tokenizer.of(new GgufVocabulary(vocabulary.metadata()));
    int x = vocabulary.id("<|x|>");
    int y = vocabulary.id("<y>");
    assertArrayEquals(new int[] {x, y}, tokenizer.encode("<|x|><y>", true, false));
    int[] plain = tokenizer.encode("<|x|><y>", false, false);
    assertEquals(6, plain.length);
    assertEquals(y, plain[5]);
    assertEquals("<|x|><y>", tokenizer.decode(plain));
  }

  @Test
  void theLongestSpecialTokenClaimsItsPlaceFirst() throws IOException {
    SmallVocabulary vocabulary =
        SmallVocabulary.byteLevel()
            .token("ab", TokenType.USER_DEFINED)
            .token("abc", TokenType.USER_DEFINED)
            .token("bcde", TokenType.USER_DEFINED);
    Tokenizer tokenizer = Tokenizer.of(new GgufVocabulary(vocabulary.metadata()));
    int a = vocabulary.id("a");
    assertArrayEquals(
        new int[] {vocabulary.id("abc"), vocabulary.id("ab"), a},
        tokenizer.encode("abcaba", false, false));
    assertArrayEquals(
        new int[] {a, vocabulary.id("bcde"), vocabulary.id("ab")},
        tokenizer.encode("abcdeab", false, false));
  }

  @Test
  void specialTokensAreRecognisedInTrustedTextOnly() throws IOException {
    SmallVocabulary vocabulary =
        SmallVocabulary.byteLevel()
            .token("<|x|>", TokenType.CONTROL)
            .token("<y>", TokenType.USER_DEFINED)
            .token("\t\t", TokenType.USER_DEFINED);
    Tokenizer tokenizer = Tokenizer.of(new GgufVocabulary(vocabulary.metadata()));
    int x = vocabulary.id("<|x|>");
    int y = vocabulary.id("<y>");
    int tabs = vocabulary.id("\t\t");
    int[] ids =
        tokenizer.encode(
            List.of(
                Segment.trusted("<|x|><y>"),
                Segment.untrusted("<|x|><y>\t\t"),
                Segment.trusted("<|"),
                Segment.untrusted("x|>"),
                Segment.untrusted("<"),
                Segment.trusted("y>"),
                Segment.trusted("<|x"),
                Segment.trusted("|>")));
    List<Integer> marks = new ArrayList<>();
    for (int id : ids) {
      if (id >= 256) {
        marks.add(id);
      }
    }
    assertEquals(List.of(x, y, tabs, x), marks);
    assertEquals("<|x|><y><|x|><y>\t\t<|x|><y><|x|>", tokenizer.decode(ids, true));
  }

  @Test
  void noMarkComesAboutByMerges() throws IOException {
    SmallVocabulary vocabulary =
        SmallVocabulary.sentencePiece()
            .piece("▁", TokenType.NORMAL, -1)
            .piece("<", TokenType.NORMAL, -2)
            .piece("a", TokenType.NORMAL, -3)
            .piece(">", TokenType.NORMAL, -4)
            .piece("<a", TokenType.NORMAL, -5)
            .token("<a>", TokenType.USER_DEFINED)
            .token("a>", TokenType.CONTROL);
    Tokenizer tokenizer = Tokenizer.of(new GgufVocabulary(vocabulary.metadata()));
    int[] pieces = {vocabulary.id("▁"), vocabulary.id("<a"), vocabulary.id(">")};
    assertArrayEquals(pieces, tokenizer.encode(List.of(Segment.untrusted("<a>"))));
    int[] mark = {vocabulary.id("<a>")};
    assertArrayEquals(mark, tokenizer.encode("<a>", false, false));
    assertArrayEquals(mark, tokenizer.encode(List.of(Segment.trusted("<a>"))));
  }

  @Test
  void ordinaryTextIsTokenizedAcrossSeams() throws IOException {
    Tokenizer tokenizer = Vocabularies.shipped();
    String text = "Once upon a time, there was a little girl.";
    int[] whole = tokenizer.encode(text, false, false);
    for (int cut = 0; cut <= text.length(); cut++) {
      assertArrayEquals(
          whole,
          tokenizer.encode(
              List.of(
                  Segment.trusted(text.substring(0, cut)),
                  Segment.untrusted(text.substring(cut)))));
    }
  }

  @Test
  void spaceIsPutBeforeTextAndAfterSpecialTokens() throws IOException {
    SmallVocabulary vocabulary =
        SmallVocabulary.sentencePiece()
            .piece("▁", TokenType.NORMAL, -1)
            .piece("a", TokenType.NORMAL, -2)
            .piece("▁a", TokenType.NORMAL, -3);
    MemoryMetadata metadata = vocabulary.metadata();
    int wordA = vocabulary.id("▁a");
    int a = vocabulary.id("a");
    Tokenizer tokenizer = Tokenizer.of(new GgufVocabulary(metadata));
    assertArrayEquals(new int[] {wordA}, tokenizer.encode("a", true, false));
    assertArrayEquals(
        new int[] {1, wordA, a, 2, wordA}, tokenizer.encode("<s>aa</s>a", true, false));
    assertEquals("<s>aa</s>a", tokenizer.decode(new int[] {1, wordA, a, 2, wordA}, true));
    assertArrayEquals(new int[0], tokenizer.encode("", true, false));
    assertTrue(tokenizer.addsBos());
    Tokenizer without =
        Tokenizer.of(new GgufVocabulary(metadata.with("tokenizer.ggml.add_space_prefix", false)));
    assertArrayEquals(new int[] {a}, without.encode("a", true, false));
  }

  @Test
  void whatIsNoPieceFallsBackToBytes() throws IOException {
    SmallVocabulary vocabulary = SmallVocabulary.sentencePiece().token("▁", TokenType.NORMAL);
    Tokenizer tokenizer = Tokenizer.of(new GgufVocabulary(vocabulary.metadata()));
    assertArrayEquals(
        new int[] {vocabulary.id("▁"), vocabulary.id("<0xC3>"), vocabulary.id("<0xA9>")},
        tokenizer.encode("é", false, false));
    byte[] malformed = {(byte) 0xC3, (byte) 0xFF};
    assertArrayEquals(
        new int[] {vocabulary.id("▁"), vocabulary.id("<0xC3>"), vocabulary.id("<0xFF>")},
        tokenizer.encode(malformed, false, false));
  }

  @Test
  void aWordThatIsATokenSkipsTheMergesOnlyForLlama3() throws IOException {
    SmallVocabulary vocabulary = SmallVocabulary.byteLevel().token("abc", TokenType.NORMAL);
    MemoryMetadata metadata = vocabulary.metadata();
    int[] letters = {vocabulary.id("a"), vocabulary.id("b"), vocabulary.id("c")};
    Tokenizer gpt2 = Tokenizer.of(new GgufVocabulary(metadata));
    assertArrayEquals(letters, gpt2.encode("abc", false, false));
    assertArrayEquals(letters, gpt2.encode("abc", false, false));
    int[] whole = {vocabulary.id("abc")};
    metadata.with("tokenizer.ggml.pre", "llama-bpe");
    assertArrayEquals(
        whole, Tokenizer.of(new GgufVocabulary(metadata)).encode("abc", false, false));
    metadata.without("tokenizer.ggml.pre");
    assertArrayEquals(
        letters, Tokenizer.of(new GgufVocabulary(metadata)).encode("abc", false, false));
    for (String architecture : List.of("bitnet-b1.58", "bitnet-25")) {
      metadata.with("general.architecture", architecture);
      assertArrayEquals(
          whole, Tokenizer.of(new GgufVocabulary(metadata)).encode("abc", false, false));
    }
  }

  @Test
  void threadsShareOneTokenizer() throws IOException {
    Tokenizer tokenizer = Vocabularies.shipped();
    String text = randomText(new Random(14), 3_000);
    int[] expected = tokenizer.encode(text, false, false);
    List<CompletableFuture<int[]>> runs = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      runs.add(CompletableFuture.supplyAsync(() -> tokenizer.encode(text, false, false)));
    }
    for (CompletableFuture<int[]> run : runs) {
      assertArrayEquals(expected, run.join());
    }
  }

  /** Its converter calls pieces byte-level, and byte tokens ordinary. */
  @Test
  void bitNetsGemmaHasPiecesWhateverItsFileSays() throws IOException {
    SmallVocabulary pieces = SmallVocabulary.sentencePiece();
    for (String piece : List.of("▁", "a", "b")) {
      pieces.token(piece, TokenType.NORMAL);
    }
    pieces.merge("▁", "a").merge("▁a", "b");
    MemoryMetadata metadata = pieces.metadata();
    int[] types = metadata.findIntegers("tokenizer.ggml.token_type").orElseThrow();
    for (int id = 3; id < types.length; id++) {
      types[id] = TokenType.NORMAL.id();
    }
    Tokenizer tokenizer =
        Tokenizer.of(
            new GgufVocabulary(
                metadata
                    .with("general.architecture", "gemma3")
                    .with("tokenizer.ggml.model", "gpt2")
                    .with("tokenizer.ggml.pre", "default")
                    .with("tokenizer.ggml.merges", List.of("▁ a", "▁a b"))
                    .with("tokenizer.ggml.token_type", types)));
    int ab = pieces.id("▁ab");
    assertArrayEquals(
        new int[] {pieces.id("b"), ab, 3 + 0xC3, 3 + 0xA9},
        tokenizer.encode("b abé", false, false));
    assertEquals("b abé", tokenizer.decode(tokenizer.encode("b abé", false, false)));
  }

  /** Published files of TinyLlama have both; only this project's own key says which counts. */
  @Test
  void piecesAreJoinedByScoresThoughAFileHasMergesUnlessItSaysOtherwise() throws IOException {
    SmallVocabulary pieces = SmallVocabulary.sentencePiece();
    for (String piece : List.of("a", "b", "c")) {
      pieces.token(piece, TokenType.NORMAL);
    }
    pieces.piece("ab", TokenType.NORMAL, -2).piece("bc", TokenType.NORMAL, -1);
    MemoryMetadata metadata =
        pieces
            .metadata()
            .with("tokenizer.ggml.add_space_prefix", false)
            .with("tokenizer.ggml.merges", List.of("a b", "b c"));
    assertArrayEquals(
        new int[] {pieces.id("a"), pieces.id("bc")},
        Tokenizer.of(new GgufVocabulary(metadata)).encode("abc", false, false));
    assertArrayEquals(
        new int[] {pieces.id("ab"), pieces.id("c")},
        Tokenizer.of(new GgufVocabulary(metadata.with("bitnet.tokenizer.ranked_pieces", true)))
            .encode("abc", false, false));
  }
}
