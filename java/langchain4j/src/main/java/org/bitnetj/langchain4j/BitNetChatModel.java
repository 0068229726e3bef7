package org.bitnetj.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.bitnetj.chat.reply.ChatPrompt;
import org.bitnetj.chat.reply.Replies;
import org.bitnetj.chat.reply.Reply;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.Session;

/**
 * A model in this process as a {@link ChatModel}. It answers on the thread that asks; requests of
 * several threads share steps. Response formats and required tool calls are held to while the
 * answer is generated, so they cannot be missed, only cut short by the limit of tokens.
 * Thread-safe.
 */
public final class BitNetChatModel implements ChatModel {
  private final Requests requests;
  private final List<ChatModelListener> listeners;

  private BitNetChatModel(Requests requests, List<ChatModelListener> listeners) {
    this.requests = requests;
    this.listeners = listeners;
  }

  /** {@return a builder, which needs at least a model} */
  public static ModelBuilder<BitNetChatModel> builder() {
    return new Builder();
  }

  /**
   * @throws dev.langchain4j.exception.UnsupportedFeatureException if the request asks for what no
   *     model here can, such as reading images
   * @throws dev.langchain4j.exception.InvalidRequestException if it does not fit the context, its
   *     format cannot be held to, or it contradicts itself
   * @throws dev.langchain4j.exception.RateLimitException if other answers leave it no memory
   * @throws CancellationException if the thread is interrupted; it stays so
   */
  @Override
  public ChatResponse doChat(ChatRequest request) {
    Objects.requireNonNull(request, "request is null");
    org.bitnetj.chat.reply.ChatRequest read = requests.read(request);
    Replies replies = requests.replies();
    try {
      ChatPrompt prompt = replies.prepare(read);
      Answer answer = new Answer();
      try (Session session = replies.open(prompt)) {
        Reply reply = replies.answer(session, prompt, answer);
        if (reply.result().finishReason() == FinishReason.CANCELLED) {
          throw Failures.cancelled();
        }
        return answer.response(replies.model().info().name(), reply);
      }
    } catch (RuntimeException e) {
      throw Failures.of(e);
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

  static final class Builder extends ModelBuilder<BitNetChatModel> {
    @Override
    BitNetChatModel build(Requests requests, List<ChatModelListener> listeners) {
      return new BitNetChatModel(requests, listeners);
    }
  }
}
