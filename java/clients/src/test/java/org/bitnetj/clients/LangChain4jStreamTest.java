package org.bitnetj.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.eq;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatResponseMetadata;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
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
import org.mockito.InOrder;

/** LangChain4j's tests that every streaming chat model must pass, of its client of OpenAI's API. */
@Timeout(120)
class LangChain4jStreamTest extends AbstractStreamingChatModelIT {
  private Served served;

  @BeforeAll
  void serve() throws IOException {
    served = new Served();
  }

  @AfterAll
  void close() {
    served.close();
  }

  private static StreamingChatModel scripted(
      OpenAiStreamingChatModel.OpenAiStreamingChatModelBuilder builder) {
    return new ScriptedModels.Streaming(builder.build(), LangChain4j.SCRIPT);
  }

  @Override
  protected List<StreamingChatModel> models() {
    return List.of(scripted(LangChain4j.streaming(served)));
  }

  @Override
  public StreamingChatModel createModelWith(ChatModelListener listener) {
    return scripted(LangChain4j.streaming(served).listeners(List.of(listener)));
  }

  @Override
  protected void verifyToolCallbacks(StreamingChatResponseHandler handler, InOrder io, String id) {
    io.verify(handler)
        .onPartialToolCall(eq(partial(0, id, "getWeather", "{\"city\":\"Munich\"}")), any());
    io.verify(handler).onCompleteToolCall(complete(0, id, "getWeather", "{\"city\":\"Munich\"}"));
  }

  @Override
  protected void verifyToolCallbacks(
      StreamingChatResponseHandler handler, InOrder io, String id1, String id2) {
    verifyToolCallbacks(handler, io, id1);
    String france = "{\"country\":\"France\"}";
    io.verify(handler).onPartialToolCall(eq(partial(1, id2, "getTime", france)), any());
    io.verify(handler).onCompleteToolCall(complete(1, id2, "getTime", france));
  }

  @Override
  protected StreamingChatModel createModelWith(ChatRequestParameters parameters) {
    return scripted(LangChain4j.streaming(served).defaultRequestParameters(parameters));
  }

  @Override
  protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
    return LangChain4j.parameters().maxOutputTokens(maxOutputTokens).build();
  }

  @Override
  protected Class<? extends ChatResponseMetadata> chatResponseMetadataType(
      StreamingChatModel model) {
    return OpenAiChatResponseMetadata.class;
  }

  @Override
  protected Class<? extends TokenUsage> tokenUsageType(StreamingChatModel model) {
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
  protected void should_fail_if_modelName_is_not_supported(StreamingChatModel model) {
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
