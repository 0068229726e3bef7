package org.bitnetj.spark;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bitnetj.generate.LanguageModel;
import org.bitnetj.memory.MachineMemory;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.Test;

class CompletionTest {
  /** On a larger host it would have a text, so it must not have an error on this one. */
  @Test
  void aRowThatTheMemoryHasNoRoomForFailsItsTask() throws Exception {
    long limit; // what is left of it beside the weights holds a block of 256 positions
    try (LanguageModel model = ShippedModel.load()) {
      long block = 256 * (model.status().cacheBytes() / model.cachePositions());
      limit = (model.bytesPerToken() + block + block / 2) * 8 / 7;
    }
    SharedModel shared;
    System.setProperty(MachineMemory.LIMIT_PROPERTY, Long.toString(limit));
    try {
      shared = SharedModel.acquire(LocalSpark.model().withRowsTogether(2));
    } finally {
      System.clearProperty(MachineMemory.LIMIT_PROPERTY);
    }
    try {
      RowWork.OfRow completion = LocalSpark.options().withMaxTokens(400).begin(shared);
      String message =
          assertThrows(IllegalStateException.class, () -> completion.result("The sun"))
              .getMessage();
      assertTrue(message.contains("this executor holds 256"), message);
      assertTrue(completion.result("a long story ".repeat(300)).failed());
      assertFalse(LocalSpark.options().begin(shared).result("The sun").failed());

      RowWork.OfRow embedding = EmbeddingOptions.of(LocalSpark.model()).begin(shared);
      assertThrows(
          IllegalStateException.class, () -> embedding.result("a long story ".repeat(100)));
      assertTrue(embedding.result("a long story ".repeat(300)).failed());
    } finally {
      shared.release();
    }
  }
}
