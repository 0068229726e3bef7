package org.bitnetj.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.Session;
import org.bitnetj.generate.SessionOptions;
import org.bitnetj.option.CacheType;
import org.bitnetj.testing.Golden;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The shipped model finds an unseen text as surprising as an independent implementation does. */
class PerplexityTest {
  private static final int WINDOW = 255;
  private static final double TOLERANCE = 0.002;

  @ParameterizedTest
  @EnumSource(CacheType.class)
  void heldOutTextHasTheExpectedPerplexity(CacheType cache) throws Exception {
    String text;
    try (InputStream in = PerplexityTest.class.getResourceAsStream("/text/snowball-lamb.txt")) {
      text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    try (LanguageModel model = LanguageModel.load(Golden.MODEL);
        Session session = model.openSession(SessionOptions.defaults().withCacheType(cache))) {
      int[] tokens = model.tokenizer().encode(text, false, false);
      double sum = 0;
      int scored = 0;
      for (int start = 0; start + WINDOW <= tokens.length; start += WINDOW) {
        int[] window = new int[WINDOW + 1];
        window[0] = Golden.bos();
        System.arraycopy(tokens, start, window, 1, WINDOW);
        sum += Arrays.stream(session.score(window)).sum();
        scored += WINDOW;
      }
      assertEquals(Golden.perplexityTokens(), scored);
      assertEquals(Golden.perplexityNll(), sum / scored, TOLERANCE);
    }
  }
}
