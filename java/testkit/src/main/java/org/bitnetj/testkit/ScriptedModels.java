package org.bitnetj.testkit;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;

/** The models under test behind a {@link Script}. */
public final class ScriptedModels {
  private ScriptedModels() {}

  /** A model that answers at once. */
  public record Whole(ChatModel model, Script script) implements ChatModel {
    @Override
    public ChatResponse doChat(ChatRequest request) {
      return model.doChat(script.narrowed(request));
    }

    @Override
    public ChatRequestParameters defaultRequestParameters() {
      return model.defaultRequestParameters();
    }

    @Override
    public List<ChatModelListener> listeners() {
      return model.listeners();
    }
  }

  /** A model that answers in pieces. */
  public record Streaming(StreamingChatModel model, Script script) implements StreamingChatModel {
    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
      model.doChat(script.narrowed(request), handler);
    }

    @Override
    public ChatRequestParameters defaultRequestParameters() {
      return model.defaultRequestParameters();
    }

    @Override
    public List<ChatModelListener> listeners() {
      return model.listeners();
    }
  }
}
