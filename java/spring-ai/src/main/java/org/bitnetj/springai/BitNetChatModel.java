package org.bitnetj.springai;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import org.bitnetj.chat.reply.ChatPrompt;
import org.bitnetj.chat.reply.ChatRequest;
import org.bitnetj.chat.reply.Replies;
import org.bitnetj.chat.reply.Reply;
import org.bitnetj.chat.reply.ReplySink;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.error.ChatTemplateException;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.Session;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.MessageAggregator;
import org.springframework.ai.chat.observation.ChatModelObservationContext;
import org.springframework.ai.chat.observation.ChatModelObservationConvention;
import org.springframework.ai.chat.observation.ChatModelObservationDocumentation;
import org.springframework.ai.chat.observation.DefaultChatModelObservationConvention;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingManager;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/**
 * A model in this process as Spring AI's {@link ChatModel}. A call answers on the thread that asks,
 * a stream on a virtual thread of its own for each subscriber; requests of several threads share
 * steps. Tools are not called here but by {@code ChatClient}, as with Spring AI's own models; an
 * output schema and required calls are held to while the answer is generated. Options of a prompt
 * replace the model's as a whole, which {@code ChatClient} has combined with them before.
 * Thread-safe.
 */
public final class BitNetChatModel implements ChatModel {
  private static final String PROVIDER = "bitnet";
  private static final ChatModelObservationConvention DEFAULT_CONVENTION =
      new DefaultChatModelObservationConvention();

  private final Replies replies;
  private final String name;
  private final BitNetChatOptions options;
  private final ToolCallingManager tools;
  private final ObservationRegistry observations;
  private final @Nullable ChatModelObservationConvention convention;

  private BitNetChatModel(Builder builder) {
    LanguageModel model =
        Objects.requireNonNull(builder.model, "A chat model is built of a model: set model(…).");
    model.requireChatTemplate();
    this.replies = new Replies(model);
    this.name = replies.model().info().name();
    this.options = builder.options.mutate().model(name).build();
    this.tools = builder.tools;
    this.observations = builder.observations;
    this.convention = builder.convention;
  }

  /** {@return a builder, which needs at least a model} */
  public static Builder builder() {
    return new Builder();
  }

  /** What a prompt without options is answered with. */
  @Override
  public BitNetChatOptions getOptions() {
    return options;
  }

  /**
   * @throws IllegalArgumentException if the prompt asks for what no model here can, such as reading
   *     images, or contradicts itself
   * @throws org.bitnetj.error.ContextOverflowException if it does not fit the context
   * @throws org.bitnetj.error.KvCacheFullException if other answers leave it no memory
   * @throws CancellationException if the thread is interrupted, and stays so
   */
  @Override
  public ChatResponse call(Prompt prompt) {
    Objects.requireNonNull(prompt, "prompt is null");
    ChatRequest request = read(prompt);
    ChatModelObservationContext context = context(prompt, false);
    return Objects.requireNonNull(
        observation(context)
            .observe(
                () -> {
                  ChatResponse response = answer(request);
                  context.setResponse(response);
                  return response;
                }));
  }

  private ChatResponse answer(ChatRequest request) {
    Whole whole = new Whole();
    Reply reply = generate(request, session -> whole);
    return responses().end(whole.text.toString(), whole.thinking.toString(), whole.calls, reply);
  }

  /**
   * Pieces of text and thinking as they come, calls of tools whole, and at the end an empty piece
   * with the reason of the end and the counts of tokens. Cancelling the subscription ends the
   * answer before its next token.
   *
   * @throws IllegalArgumentException as {@link #call(Prompt)}; other failures go to the subscriber
   */
  @Override
  public Flux<ChatResponse> stream(Prompt prompt) {
    Objects.requireNonNull(prompt, "prompt is null");
    ChatRequest request = read(prompt);
    return Flux.deferContextual(
        view -> {
          ChatModelObservationContext context = context(prompt, true);
          Observation observation = observation(context);
          observation.parentObservation(
              view.getOrDefault(ObservationThreadLocalAccessor.KEY, null));
          observation.start();
          Flux<ChatResponse> pieces =
              Flux.<ChatResponse>create(
                      sink ->
                          Thread.ofVirtual().name("bitnet-chat").start(() -> stream(request, sink)))
                  .doOnError(observation::error)
                  .doFinally(signal -> observation.stop())
                  .contextWrite(c -> c.put(ObservationThreadLocalAccessor.KEY, observation));
          return new MessageAggregator().aggregate(pieces, context::setResponse);
        });
  }

  private void stream(ChatRequest request, FluxSink<ChatResponse> sink) {
    Responses responses = responses();
    try {
      Reply reply =
          generate(
              request,
              session -> {
                sink.onCancel(session::cancel);
                return new Pieces(responses, sink, session);
              });
      sink.next(responses.end("", "", List.of(), reply));
      sink.complete();
    } catch (RuntimeException | Error e) {
      if (!sink.isCancelled()) {
        sink.error(e);
      } else if (e instanceof Error error) {
        throw error; // the subscriber has left
      }
    }
  }

  private Reply generate(ChatRequest request, Function<Session, ReplySink> sinkOf) {
    ChatPrompt prompt = prepare(request);
    try (Session session = replies.open(prompt)) {
      Reply reply = replies.answer(session, prompt, sinkOf.apply(session));
      if (reply.result().finishReason() == FinishReason.CANCELLED) {
        throw cancelled();
      }
      return reply;
    }
  }

  private ChatPrompt prepare(ChatRequest request) {
    try {
      return replies.prepare(request);
    } catch (ChatTemplateException e) {
      throw Thread.currentThread().isInterrupted() ? cancelled() : e;
    }
  }

  private static CancellationException cancelled() {
    return new CancellationException("The answer was cancelled before it ended.");
  }

  private Responses responses() {
    return new Responses(ToolCall.newId("chat_"), name);
  }

  private ChatRequest read(Prompt prompt) {
    BitNetChatOptions given = optionsOf(prompt);
    if (given.getModel() != null && !given.getModel().equals(name)) {
      throw new IllegalArgumentException(
          "This is the model '%s', loaded from %s; there is no model '%s' here."
              .formatted(name, replies.model().path(), given.getModel()));
    }
    return Requests.read(prompt, given, tools.resolveToolDefinitions(given));
  }

  private BitNetChatOptions optionsOf(Prompt prompt) {
    ChatOptions given = prompt.getOptions();
    if (given == null) {
      return options;
    }
    if (given instanceof BitNetChatOptions own) {
      return own;
    }
    BitNetChatOptions.Builder builder = BitNetChatOptions.builder().combineWith(given.mutate());
    if (given instanceof StructuredOutputChatOptions structured) {
      builder.outputSchema(structured.getOutputSchema());
    }
    return builder.build();
  }

  private ChatModelObservationContext context(Prompt prompt, boolean streaming) {
    return ChatModelObservationContext.builder()
        .prompt(prompt.mutate().chatOptions(optionsOf(prompt)).build())
        .provider(PROVIDER)
        .streaming(streaming)
        .build();
  }

  private Observation observation(ChatModelObservationContext context) {
    return ChatModelObservationDocumentation.CHAT_MODEL_OPERATION.observation(
        convention, DEFAULT_CONVENTION, () -> context, observations);
  }

  /** Collects an answer. */
  private static final class Whole implements ReplySink {
    private final StringBuilder text = new StringBuilder();
    private final StringBuilder thinking = new StringBuilder();
    private final List<AssistantMessage.ToolCall> calls = new ArrayList<>();

    @Override
    public void thinking(String piece) {
      thinking.append(piece);
    }

    @Override
    public void text(String piece) {
      text.append(piece);
    }

    @Override
    public void call(ToolCall call) {
      calls.add(Responses.call(call));
    }
  }

  /** Passes an answer on, and ends it when there is nobody left. */
  private record Pieces(Responses responses, FluxSink<ChatResponse> to, Session session)
      implements ReplySink {
    @Override
    public void thinking(String piece) {
      pass(responses.piece("", piece, List.of()));
    }

    @Override
    public void text(String piece) {
      pass(responses.piece(piece, "", List.of()));
    }

    @Override
    public void call(ToolCall call) {
      pass(responses.piece("", "", List.of(Responses.call(call))));
    }

    private void pass(ChatResponse piece) {
      if (to.isCancelled()) { // perhaps before the answer began, which the session does not note
        session.cancel();
      } else {
        to.next(piece);
      }
    }
  }

  /** Collects what a model is made of; everything but the model is optional. Not thread-safe. */
  public static final class Builder {
    private @Nullable LanguageModel model;
    private BitNetChatOptions options = BitNetChatOptions.builder().build();
    private ToolCallingManager tools = ToolCallingManager.builder().build();
    private ObservationRegistry observations = ObservationRegistry.NOOP;
    private @Nullable ChatModelObservationConvention convention;

    private Builder() {}

    /**
     * A loaded model with a chat template. It must stay open, and is not closed.
     *
     * @param value an open model
     * @return this builder
     */
    public Builder model(LanguageModel value) {
      Objects.requireNonNull(value, "value is null");
      model = value;
      return this;
    }

    /**
     * For prompts that have none.
     *
     * @param value the defaults of prompts
     * @return this builder
     */
    public Builder options(BitNetChatOptions value) {
      Objects.requireNonNull(value, "value is null");
      options = value;
      return this;
    }

    /**
     * Knows the definitions of tools.
     *
     * @param value the one of the application
     * @return this builder
     */
    public Builder toolCallingManager(ToolCallingManager value) {
      Objects.requireNonNull(value, "value is null");
      tools = value;
      return this;
    }

    /**
     * {@return this builder, with a registry of observations}
     *
     * @param value where calls are recorded
     */
    public Builder observationRegistry(ObservationRegistry value) {
      Objects.requireNonNull(value, "value is null");
      observations = value;
      return this;
    }

    /**
     * {@return this builder, with a convention for observations}
     *
     * @param value null for Spring AI's own
     */
    public Builder observationConvention(@Nullable ChatModelObservationConvention value) {
      convention = value;
      return this;
    }

    /**
     * Builds the model.
     *
     * @return a chat model, safe to share between threads
     * @throws NullPointerException if there is no model
     * @throws IllegalStateException if the model has no chat template, or is closed
     */
    public BitNetChatModel build() {
      return new BitNetChatModel(this);
    }
  }
}
