package org.bitnetj.clients;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractChatModelListenerIT;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelListenerIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Timeout;

/** LangChain4j's tests of what listeners of chat models hear, of its client of OpenAI's API. */
@Timeout(120)
class LangChain4jListenersTest {
  /** The server refuses it. */
  private static final double TOO_HOT = 3;

  private static Served served;

  @BeforeAll
  static void serve() throws Exception {
    served = new Served();
  }

  @AfterAll
  static void close() {
    served.close();
  }

  @Nested
  class Whole extends AbstractChatModelListenerIT {
    private ChatModel model(ChatModelListener listener, double temperature) {
      return LangChain4j.whole(served)
          .temperature(temperature)
          .topP(topP())
          .maxTokens(maxTokens())
          .listeners(List.of(listener))
          .build();
    }

    @Override
    protected ChatModel createModel(ChatModelListener listener) {
      return model(listener, temperature());
    }

    @Override
    protected String modelName() {
      return LangChain4j.MODEL;
    }

    @Override
    protected ChatModel createFailingModel(ChatModelListener listener) {
      return model(listener, TOO_HOT);
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
      return InvalidRequestException.class;
    }
  }

  @Nested
  class Streaming extends AbstractStreamingChatModelListenerIT {
    private StreamingChatModel model(ChatModelListener listener, double temperature) {
      return LangChain4j.streaming(served)
          .temperature(temperature)
          .topP(topP())
          .maxTokens(maxTokens())
          .listeners(List.of(listener))
          .build();
    }

    @Override
    protected StreamingChatModel createModel(ChatModelListener listener) {
      return model(listener, temperature());
    }

    @Override
    protected String modelName() {
      return LangChain4j.MODEL;
    }

    @Override
    protected StreamingChatModel createFailingModel(ChatModelListener listener) {
      return model(listener, TOO_HOT);
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
      return InvalidRequestException.class;
    }
  }
}
