package org.bitnetj.clients;

import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiChatRequestParameters;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.util.List;
import java.util.Map;
import org.bitnetj.testkit.Script;

/** LangChain4j's client of OpenAI's API, pointed at the server. */
final class LangChain4j {
  /** What requests call the model: the server has only one. */
  static final String MODEL = "any";

  /** Texts by the server's {@code structured_outputs}. */
  static final Script SCRIPT =
      new Script(LangChain4j::saying, parameters().parallelToolCalls(false).build());

  private LangChain4j() {}

  private static ChatRequestParameters saying(String text) {
    return parameters()
        .customParameters(Map.of("structured_outputs", Map.of("choice", List.of(text))))
        .build();
  }

  static OpenAiChatRequestParameters.Builder parameters() {
    return OpenAiChatRequestParameters.builder();
  }

  static OpenAiChatModel.OpenAiChatModelBuilder whole(Served served) {
    return OpenAiChatModel.builder()
        .baseUrl(served.url() + "/v1")
        .modelName(MODEL)
        .seed(1)
        .maxRetries(0);
  }

  static OpenAiStreamingChatModel.OpenAiStreamingChatModelBuilder streaming(Served served) {
    return OpenAiStreamingChatModel.builder()
        .baseUrl(served.url() + "/v1")
        .modelName(MODEL)
        .seed(1);
  }
}
