package org.bitnetj.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelIT;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import java.util.List;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.ScriptedModels;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.AfterAll;

/** LangChain4j's tests that every chat model must pass. */
class ChatModelContractTest extends AbstractChatModelIT {
  private final LanguageModel model = ShippedModel.load();

  @AfterAll
  void close() {
    model.close();
  }

  private ChatModel scripted(ModelBuilder<BitNetChatModel> builder) {
    return new ScriptedModels.Whole(
        builder.model(model).seed(1).build(), InProcessScript.of(model));
  }

  @Override
  protected List<ChatModel> models() {
    return List.of(scripted(BitNetChatModel.builder()));
  }

  @Override
  protected ChatModel createModelWith(ChatRequestParameters parameters) {
    return scripted(BitNetChatModel.builder().defaultRequestParameters(parameters));
  }

  @Override
  protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
    return BitNetChatRequestParameters.builder().maxOutputTokens(maxOutputTokens).build();
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
