package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.bitnetj.source.gguf.GgufVocabulary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A megabyte of the texts, and the vocabularies, that make a quadratic tokenizer take minutes. The
 * limits are far above what it takes (seconds) and far below what quadratic work would.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LongTextTest {
  private static final int LENGTH = 1 << 20;
  private static final String SHIPPED = "shipped";

  private static Tokenizer tokenizer(String vocabulary) throws IOException {
    return vocabulary.equals(SHIPPED) ? Vocabularies.shipped() : Vocabularies.shared(vocabulary);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {SHIPPED, "bitnet-2b-4t-vocab-as-official.gguf", "ggml-vocab-llama-spm.gguf"})
  void takesSecondsAtMost(String vocabulary) throws IOException {
    Tokenizer tokenizer = tokenizer(vocabulary);
    byte[] text = new byte[LENGTH];
    Random random = new Random(1);
    for (int i = 0; i < LENGTH; i++) {
      text[i] = (byte) ('a' + random.nextInt(26));
    }
    assertRoundTrip(tokenizer, text);
    for (char c : new char[] {'a', ' '}) {
      Arrays.fill(text, (byte) c);
      assertRoundTrip(tokenizer, text);
    }
    assertRoundTrip(tokenizer, repeated("<|eot_id|"));
    random.nextBytes(text);
    assertTrue(tokenizer.encode(text, true, false).length > LENGTH / 16);
  }

  @Test
  void marksThatNearlyMatchEverywhereTakeSecondsAtMost() throws IOException {
    SmallVocabulary vocabulary = SmallVocabulary.byteLevel();
    for (int n = 1; n <= 1000; n++) {
      vocabulary.token("a".repeat(n) + "b", TokenType.CONTROL);
    }
    assertRoundTrip(Tokenizer.of(new GgufVocabulary(vocabulary.metadata())), repeated("a"));
  }

  @Test
  void marksThatOverlapEverywhereTakeSecondsAtMost() throws IOException {
    SmallVocabulary vocabulary = SmallVocabulary.byteLevel();
    for (int n = 2; n <= 1000; n++) {
      vocabulary.token("a".repeat(n), TokenType.USER_DEFINED);
    }
    Tokenizer tokenizer = Tokenizer.of(new GgufVocabulary(vocabulary.metadata()));
    assertRoundTrip(tokenizer, repeated("a"));
    assertRoundTrip(tokenizer, repeated("a".repeat(777) + "b"));
  }

  @Test
  void longPiecesThatGrowByALetterTakeSecondsAtMost() throws IOException {
    SmallVocabulary vocabulary = SmallVocabulary.sentencePiece();
    for (int n = 1; n <= 2000; n++) {
      vocabulary.piece("a".repeat(n), TokenType.NORMAL, n);
    }
    assertRoundTrip(Tokenizer.of(new GgufVocabulary(vocabulary.metadata())), repeated("a"));
  }

  private static byte[] repeated(String part) {
    return part.repeat(LENGTH / part.length() + 1)
        .substring(0, LENGTH)
        .getBytes(StandardCharsets.UTF_8);
  }

  private static void assertRoundTrip(Tokenizer tokenizer, byte[] text) {
    int[] ids = tokenizer.encode(text, true, false);
    assertTrue(ids.length < LENGTH + 2);
    assertEquals(new String(text, StandardCharsets.UTF_8), tokenizer.decode(ids));
  }
}
