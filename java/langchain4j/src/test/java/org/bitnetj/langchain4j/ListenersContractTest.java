package org.bitnetj.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelListenerIT;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelListenerIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import java.util.List;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** LangChain4j's tests of what listeners of chat models hear. */
class ListenersContractTest {
  private static LanguageModel model;

  /** Its template refuses the message that is to fail. */
  private static LanguageModel failing;

  @BeforeAll
  static void load() {
    model = ShippedModel.load();
    failing =
        ShippedModel.load(
            "{% if 'will fail' in messages[0].content %}{{ raise_exception('No.') }}{% endif %}"
                + ShippedModel.TEMPLATE);
  }

  @AfterAll
  static void close() {
    model.close();
    failing.close();
  }

  private static <M> M build(
      ModelBuilder<M> builder, LanguageModel language, ChatModelListener listener) {
    return builder
        .model(language)
        .temperature(0.7)
        .topP(1.0)
        .maxOutputTokens(7)
        .seed(1) // else the answer may be empty
        .listeners(List.of(listener))
        .build();
  }

  @Nested
  class Whole extends AbstractChatModelListenerIT {
    @Override
    protected ChatModel createModel(ChatModelListener listener) {
      return build(BitNetChatModel.builder(), model, listener);
    }

    @Override
    protected String modelName() {
      return "tiny-bitnet-stories";
    }

    @Override
    protected ChatModel createFailingModel(ChatModelListener listener) {
      return build(BitNetChatModel.builder(), failing, listener);
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
      return InvalidRequestException.class;
    }
  }

  @Nested
  class Streaming extends AbstractStreamingChatModelListenerIT {
    @Override
    protected StreamingChatModel createModel(ChatModelListener listener) {
      return build(BitNetStreamingChatModel.builder(), model, listener);
    }

    @Override
    protected String modelName() {
      return "tiny-bitnet-stories";
    }

    @Override
    protected StreamingChatModel createFailingModel(ChatModelListener listener) {
      return build(BitNetStreamingChatModel.builder(), failing, listener);
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
      return InvalidRequestException.class;
    }
  }
}
