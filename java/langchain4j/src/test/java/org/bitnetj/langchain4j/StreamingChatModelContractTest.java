package org.bitnetj.langchain4j;

import static org.mockito.ArgumentMatchers.argThat;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.ScriptedModels;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.AfterAll;
import org.mockito.InOrder;

/** LangChain4j's tests that every streaming chat model must pass. */
class StreamingChatModelContractTest extends AbstractStreamingChatModelIT {
  private final LanguageModel model = ShippedModel.load();

  @AfterAll
  void close() {
    model.close();
  }

  private StreamingChatModel scripted(ModelBuilder<BitNetStreamingChatModel> builder) {
    return new ScriptedModels.Streaming(
        builder.model(model).seed(1).build(), InProcessScript.of(model));
  }

  @Override
  protected List<StreamingChatModel> models() {
    return List.of(scripted(BitNetStreamingChatModel.builder()));
  }

  @Override
  protected StreamingChatModel createModelWith(ChatRequestParameters parameters) {
    return scripted(BitNetStreamingChatModel.builder().defaultRequestParameters(parameters));
  }

  @Override
  public StreamingChatModel createModelWith(ChatModelListener listener) {
    return scripted(BitNetStreamingChatModel.builder().listeners(List.of(listener)));
  }

  @Override
  protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
    return BitNetChatRequestParameters.builder().maxOutputTokens(maxOutputTokens).build();
  }

  @Override
  protected void verifyToolCallbacks(StreamingChatResponseHandler handler, InOrder io, String id) {
    io.verify(handler).onCompleteToolCall(complete(0, id, "getWeather", "{\"city\":\"Munich\"}"));
  }

  @Override
  protected void verifyToolCallbacks(
      StreamingChatResponseHandler handler, InOrder io, String id1, String id2) {
    verifyToolCallbacks(handler, io, id1);
    io.verify(handler)
        .onCompleteToolCall(
            argThat(call -> call.equals(complete(1, id2, "getTime", "{\"country\":\"France\"}"))));
  }

  @Override
  protected boolean supportsPartialToolStreaming(StreamingChatModel streaming) {
    return false;
  }

  @Override
  protected boolean supportsModelNameParameter() {
    return false;
  }

  @Override
  protected boolean supportsSingleImageInputAsBase64EncodedString() {
    return false;
  }

  @Override
  protected boolean supportsSingleImageInputAsPublicURL() {
    return false;
  }
}
