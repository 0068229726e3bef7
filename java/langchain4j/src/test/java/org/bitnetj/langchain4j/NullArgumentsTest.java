package org.bitnetj.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import org.bitnetj.generate.EmbeddingModel;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.NullArguments;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.Test;

/** What the module exports says which argument is null, before it does anything else. */
class NullArgumentsTest {
  private static final StreamingChatResponseHandler NOBODY =
      new StreamingChatResponseHandler() {
        @Override
        public void onCompleteResponse(ChatResponse response) {}

        @Override
        public void onError(Throwable error) {}
      };

  @Test
  void everyNullArgumentIsNamed() throws Exception {
    try (LanguageModel model = ShippedModel.load();
        EmbeddingModel embeddings = EmbeddingModel.of(model)) {
      NullArguments arguments =
          new NullArguments()
              .with(model, embeddings, BitNetEmbeddingModel.of(embeddings))
              .with(BitNetChatModel.builder().model(model).build())
              .with(BitNetStreamingChatModel.builder().model(model).build())
              .with(ModelBuilder.class, BitNetChatModel.builder())
              .with(BitNetChatRequestParameters.builder().build())
              .with(BitNetChatRequestParameters.builder())
              .with(StreamingChatResponseHandler.class, NOBODY)
              .with(ChatRequest.builder().messages(UserMessage.from("x")).build());
      assertEquals(List.of(), arguments.unnamed(BitNetChatModel.class));
      assertTrue(arguments.calls() > 12, () -> "only " + arguments.calls() + " arguments");
    }
  }
}
