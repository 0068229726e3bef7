package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A megabyte of the texts that make a quadratic tokenizer take minutes. The limits are far above
 * what it takes (under a second each) and far below what quadratic work would.
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
    byte[] mark = "<|eot_id|".getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < LENGTH; i++) {
      text[i] = mark[i % mark.length];
    }
    assertRoundTrip(tokenizer, text);
    random.nextBytes(text);
    assertTrue(tokenizer.encode(text, true, false).length > LENGTH / 16);
  }

  private static void assertRoundTrip(Tokenizer tokenizer, byte[] text) {
    int[] ids = tokenizer.encode(text, true, false);
    assertTrue(ids.length < LENGTH + 2);
    assertEquals(new String(text, StandardCharsets.UTF_8), tokenizer.decode(ids));
  }
}
