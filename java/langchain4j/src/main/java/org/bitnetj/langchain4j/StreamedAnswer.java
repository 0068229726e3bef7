package org.bitnetj.langchain4j;

import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.StreamingHandle;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.generate.Session;

/** An answer whose parts are passed on as they come, until it is cancelled. */
final class StreamedAnswer extends Answer implements StreamingHandle {
  private final GuardedHandler handler;
  private final Session session;

  StreamedAnswer(GuardedHandler handler, Session session) {
    this.handler = handler;
    this.session = session;
  }

  @Override
  public void thinking(String piece) {
    super.thinking(piece);
    handler.tell(
        to -> to.onPartialThinking(new PartialThinking(piece), new PartialThinkingContext(this)));
  }

  @Override
  public void text(String piece) {
    super.text(piece);
    handler.tell(
        to -> to.onPartialResponse(new PartialResponse(piece), new PartialResponseContext(this)));
  }

  @Override
  public void call(ToolCall call) {
    super.call(call);
    int index = calls().size() - 1;
    handler.tell(to -> to.onCompleteToolCall(new CompleteToolCall(index, calls().get(index))));
  }

  @Override
  public void cancel() {
    handler.cancel();
    session.cancel();
  }

  @Override
  public boolean isCancelled() {
    return handler.isCancelled();
  }
}
