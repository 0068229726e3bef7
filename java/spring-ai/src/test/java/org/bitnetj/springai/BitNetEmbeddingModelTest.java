package org.bitnetj.springai;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.generate.EmbeddingModel;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;

class BitNetEmbeddingModelTest {
  private static EmbeddingModel engine;
  private static BitNetEmbeddingModel model;

  @BeforeAll
  static void load() throws Exception {
    engine = EmbeddingModel.load(ShippedModel.path());
    model = new BitNetEmbeddingModel(engine);
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  @Test
  void vectorsAreTheEnginesInTheOrderOfTheTexts() {
    EmbeddingResponse response = model.embedForResponse(List.of("A king.", "The old sea."));
    assertEquals(2, response.getResults().size());
    assertArrayEquals(engine.embed("A king."), response.getResults().get(0).getOutput());
    assertArrayEquals(engine.embed("The old sea."), response.getResults().get(1).getOutput());
    assertEquals(1, response.getResults().get(1).getIndex());
    assertEquals(
        engine.countTokens("A king.") + engine.countTokens("The old sea."),
        response.getMetadata().getUsage().getPromptTokens());
    assertEquals("tiny-bitnet-stories", response.getMetadata().getModel());
  }

  @Test
  void documentsAreTheirTexts() {
    assertArrayEquals(engine.embed("A king."), model.embed(new Document("A king.")));
    assertEquals(256, model.dimensions());
  }

  @Test
  void whatTheModelCannotIsRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> model.call(request(EmbeddingOptions.builder().dimensions(8).build())));
    assertThrows(
        IllegalArgumentException.class,
        () -> model.call(request(EmbeddingOptions.builder().model("ada").build())));
    assertThrows(ContextOverflowException.class, () -> model.embed("a long story ".repeat(300)));
  }

  private static EmbeddingRequest request(EmbeddingOptions options) {
    return new EmbeddingRequest(List.of("A king."), options);
  }
}
