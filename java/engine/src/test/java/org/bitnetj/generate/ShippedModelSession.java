package org.bitnetj.generate;

import org.bitnetj.testing.Golden;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** A session of the shipped model for each test. */
abstract class ShippedModelSession {
  static final String PROMPT = "Once upon a time there was";
  static final GenerationOptions GREEDY = GenerationOptions.greedy().withMaxTokens(24);
  static final GenerationOptions SEEDED =
      GenerationOptions.defaults().withMaxTokens(24).withSeed(5);

  static LanguageModel model;
  Session session;

  @BeforeAll
  static void load() throws Exception {
    model =
        LanguageModel.load(Golden.MODEL, LoadOptions.defaults().withThreads(2).withBatchSize(8));
  }

  @AfterAll
  static void unload() {
    model.close();
  }

  @BeforeEach
  void open() {
    session = model.openSession();
  }

  @AfterEach
  void close() {
    session.close();
  }

  static GenerationResult fresh(String prompt, GenerationOptions options) {
    try (Session other = model.openSession()) {
      return other.generate(prompt, options, GenerationListener.NONE);
    }
  }

  GenerationResult generate(GenerationOptions options) {
    return session.generate(PROMPT, options, GenerationListener.NONE);
  }

  static int[] ids(String text) {
    return model.tokenizer().encode(text, false, true);
  }
}
