package org.bitnetj.langchain4j;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.function.Consumer;

/**
 * A user's handler, whose exceptions go to its {@code onError}; those of that are logged. Once the
 * answer is cancelled nothing more is called or logged. Thread-safe if the handler is.
 */
final class GuardedHandler {
  private static final System.Logger LOG = System.getLogger(GuardedHandler.class.getName());

  private final StreamingChatResponseHandler handler;
  private volatile boolean cancelled;

  GuardedHandler(StreamingChatResponseHandler handler) {
    this.handler = handler;
  }

  void cancel() {
    cancelled = true;
  }

  boolean isCancelled() {
    return cancelled;
  }

  void tell(Consumer<StreamingChatResponseHandler> call) {
    if (cancelled) {
      return;
    }
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
    if (cancelled) {
      return;
    }
    try {
      handler.onError(error);
    } catch (RuntimeException e) {
      if (!cancelled) { // perhaps by onError itself
        LOG.log(System.Logger.Level.WARNING, "onError of a streaming handler has thrown", e);
      }
    }
  }
}
