package org.bitnetj.langchain4j;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.function.Consumer;

/** A user's handler, whose exceptions go to its {@code onError}; those of that are logged. */
final class GuardedHandler {
  private static final System.Logger LOG = System.getLogger(GuardedHandler.class.getName());

  private final StreamingChatResponseHandler handler;

  GuardedHandler(StreamingChatResponseHandler handler) {
    this.handler = handler;
  }

  void tell(Consumer<StreamingChatResponseHandler> call) {
    try {
      call.accept(handler);
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  void complete(ChatResponse response) {
    tell(to -> to.onCompleteResponse(response));
  }

  void fail(Throwable error) {
    try {
      handler.onError(error);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "onError of a streaming handler has thrown", e);
    }
  }
}
