package org.bitnetj.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelIT;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiChatResponseMetadata;
import dev.langchain4j.model.openai.OpenAiTokenUsage;
import dev.langchain4j.model.output.TokenUsage;
import java.io.IOException;
import java.util.List;
import org.bitnetj.testkit.ScriptedModels;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** LangChain4j's tests that every chat model must pass, of its client of OpenAI's API. */
@Timeout(120)
class LangChain4jChatTest extends AbstractChatModelIT {
  private Served served;

  @BeforeAll
  void serve() throws IOException {
    served = new Served();
  }

  @AfterAll
  void close() {
    served.close();
  }

  private static ChatModel scripted(OpenAiChatModel.OpenAiChatModelBuilder builder) {
    return new ScriptedModels.Whole(builder.build(), LangChain4j.SCRIPT);
  }

  @Override
  protected List<ChatModel> models() {
    return List.of(scripted(LangChain4j.whole(served)));
  }

  @Override
  protected ChatModel createModelWith(ChatRequestParameters parameters) {
    return scripted(LangChain4j.whole(served).defaultRequestParameters(parameters));
  }

  @Override
  protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
    return LangChain4j.parameters().maxOutputTokens(maxOutputTokens).build();
  }

  @Override
  protected Class<? extends ChatResponseMetadata> chatResponseMetadataType(ChatModel model) {
    return OpenAiChatResponseMetadata.class;
  }

  @Override
  protected Class<? extends TokenUsage> tokenUsageType(ChatModel model) {
    return OpenAiTokenUsage.class;
  }

  @Override
  protected boolean supportsModelNameParameter() {
    return false;
  }

  /** The server takes any name, and says what its model is called. */
  @Override
  @ParameterizedTest
  @MethodSource("models")
  protected void should_fail_if_modelName_is_not_supported(ChatModel model) {
    ChatRequest request =
        ChatRequest.builder()
            .messages(UserMessage.from("What is the capital of Germany?"))
            .modelName("dummy")
            .build();
    assertEquals(
        "tiny-bitnet-stories-i2_s", chat(model, request).chatResponse().metadata().modelName());
  }

  @Override
  protected boolean supportsSingleImageInputAsBase64EncodedString() {
    return false;
  }

  @Override
  protected boolean supportsSingleImageInputAsPublicURL() {
    return false;
  }

  /** That of images is the server's refusal. */
  @Override
  protected boolean assertExceptionType() {
    return false;
  }
}
