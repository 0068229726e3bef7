package org.bitnetj.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.bitnetj.chat.reply.ChatPrompt;
import org.bitnetj.chat.reply.Replies;
import org.bitnetj.chat.reply.Reply;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.Session;

/**
 * A model in this process as a {@link StreamingChatModel}: as {@link BitNetChatModel}, but each
 * answer is generated on a virtual thread of its own, which also calls the handler; the next token
 * waits for the handler. Calls of tools come whole. Cancelling by the handle of a partial response
 * ends the answer before its next token, and nothing more is called. What a handler throws goes to
 * its {@code onError}, and the answer goes on. Thread-safe.
 */
public final class BitNetStreamingChatModel implements StreamingChatModel {
  private final Requests requests;
  private final List<ChatModelListener> listeners;

  private BitNetStreamingChatModel(Requests requests, List<ChatModelListener> listeners) {
    this.requests = requests;
    this.listeners = listeners;
  }

  /** {@return a builder, which needs at least a model} */
  public static ModelBuilder<BitNetStreamingChatModel> builder() {
    return new Builder();
  }

  /**
   * @throws dev.langchain4j.exception.UnsupportedFeatureException as {@link BitNetChatModel#doChat}
   * @throws dev.langchain4j.exception.InvalidRequestException if the request contradicts itself;
   *     other failures go to the handler
   */
  @Override
  public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
    Objects.requireNonNull(request, "request is null");
    Objects.requireNonNull(handler, "handler is null");
    org.bitnetj.chat.reply.ChatRequest read = requests.read(request);
    Thread.ofVirtual().name("bitnet-chat").start(() -> stream(read, new GuardedHandler(handler)));
  }

  private void stream(org.bitnetj.chat.reply.ChatRequest request, GuardedHandler handler) {
    Replies replies = requests.replies();
    try {
      ChatPrompt prompt = replies.prepare(request);
      try (Session session = replies.open(prompt)) {
        StreamedAnswer answer = new StreamedAnswer(handler, session);
        Reply reply = replies.answer(session, prompt, answer);
        if (handler.isCancelled()) {
          return;
        }
        if (reply.result().finishReason() == FinishReason.CANCELLED) {
          throw Failures.cancelled();
        }
        handler.complete(answer.response(replies.model().info().name(), reply));
      }
    } catch (RuntimeException e) {
      handler.fail(Failures.of(e));
    } catch (Error e) {
      handler.fail(e);
      throw e;
    }
  }

  @Override
  public ChatRequestParameters defaultRequestParameters() {
    return requests.defaults();
  }

  @Override
  public List<ChatModelListener> listeners() {
    return listeners;
  }

  @Override
  public Set<Capability> supportedCapabilities() {
    return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
  }

  static final class Builder extends ModelBuilder<BitNetStreamingChatModel> {
    @Override
    BitNetStreamingChatModel build(Requests requests, List<ChatModelListener> listeners) {
      return new BitNetStreamingChatModel(requests, listeners);
    }
  }
}
