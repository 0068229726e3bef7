package org.bitnetj.springai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.observation.ObservationRegistry;
import java.util.List;
import org.bitnetj.generate.EmbeddingModel;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.NullArguments;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.Test;
import org.springframework.ai.embedding.observation.DefaultEmbeddingModelObservationConvention;
import org.springframework.ai.embedding.observation.EmbeddingModelObservationConvention;
import org.springframework.util.unit.DataSize;

/** What the module exports says which argument is null, before it does anything else. */
class NullArgumentsTest {
  @Test
  void everyNullArgumentIsNamed() throws Exception {
    BitNetProperties.Chat chat =
        new BitNetProperties.Chat(null, null, null, null, null, null, null, null, null, null, null);
    try (LanguageModel model = ShippedModel.load();
        EmbeddingModel embeddings = EmbeddingModel.of(model)) {
      NullArguments arguments =
          new NullArguments()
              .with(model, embeddings, new BitNetEmbeddingModel(embeddings))
              .with(BitNetChatModel.builder().model(model).build(), BitNetChatModel.builder())
              .with(BitNetChatOptions.builder(), BitNetChatOptions.builder().build())
              .with(ObservationRegistry.class, ObservationRegistry.NOOP)
              .with(
                  EmbeddingModelObservationConvention.class,
                  new DefaultEmbeddingModelObservationConvention())
              .with(DataSize.ofMegabytes(1), chat, new BitNetProperties.Embedding(null))
              .without(BitNetAutoConfiguration.class);
      assertEquals(List.of(), arguments.unnamed(BitNetChatModel.class));
      assertTrue(arguments.calls() > 14, () -> "only " + arguments.calls() + " arguments");
    }
  }
}
