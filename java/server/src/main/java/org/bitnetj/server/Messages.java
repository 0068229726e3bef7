package org.bitnetj.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.Optional;
import org.bitnetj.chat.reply.ChatPrompt;
import org.bitnetj.chat.reply.ChatRequest;
import org.bitnetj.chat.reply.Reply;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationStats;
import org.bitnetj.option.SamplingOptions;
import org.jspecify.annotations.Nullable;

/** Anthropic's {@code /v1/messages} and {@code /v1/messages/count_tokens}. */
final class Messages {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final Chats chats;
  private final Identity identity;

  Messages(Chats chats, Identity identity) {
    this.chats = chats;
    this.identity = identity;
  }

  Door.Answer read(JsonNode body, Exchange exchange) {
    Fields request = Fields.of(body, "");
    request.ignore("metadata", "service_tier", "inference_geo", "context_management");
    int most =
        request
            .integer("max_tokens", 1, Integer.MAX_VALUE)
            .orElseThrow(() -> request.missing("max_tokens"));
    boolean stream = request.flag("stream").orElse(false);
    GenerationOptions options = sampling(request).withMaxTokens(most);
    Thinking thinking = thinking(request);
    ChatRequest chat = conversation(request, thinking, options);
    ChatPrompt prompt = chats.prepare(chat);
    return (events, response) ->
        new Run(exchange, prompt, thinking.shown).answer(stream, events, response);
  }

  Door.Answer countTokens(JsonNode body, Exchange exchange) {
    Fields request = Fields.of(body, "");
    request.ignore("context_management");
    Thinking thinking = thinking(request);
    ChatRequest chat = conversation(request, thinking, GenerationOptions.defaults());
    int tokens = chats.countTokens(chat);
    return Door.whole(JSON.objectNode().put("input_tokens", tokens));
  }

  /** What both have, and the end of the request. */
  private static ChatRequest conversation(
      Fields request, Thinking thinking, GenerationOptions options) {
    request.ignore("model", "cache_control");
    Optional<Grammar> format =
        request
            .object("output_config")
            .flatMap(
                config -> {
                  config.text("effort");
                  Optional<Grammar> grammar =
                      config.object("format").flatMap(f -> OutputFormat.read(f, false));
                  config.finish();
                  return grammar;
                });
    ChatRequest chat =
        new ChatRequest(
            AnthropicMessages.messages(request),
            AnthropicMessages.tools(request),
            thinking.wanted,
            format,
            options);
    request.finish();
    return chat;
  }

  private static GenerationOptions sampling(Fields request) {
    SamplingOptions sampling = SamplingOptions.defaults();
    sampling =
        sampling
            .withTemperature(request.number("temperature", 0, 1).orElse(sampling.temperature()))
            .withTopP(request.number("top_p", 0, 1).orElse(sampling.topP()))
            .withTopK(request.integer("top_k", 0, Integer.MAX_VALUE).orElse(sampling.topK()));
    List<String> stops = OpenAiSampling.stops(request, "stop_sequences");
    return GenerationOptions.defaults().withSampling(sampling).withStopStrings(stops);
  }

  /**
   * @param wanted whether the model thinks; empty for what its template does by itself
   * @param shown whether the answer has the text of it
   */
  private record Thinking(Optional<Boolean> wanted, boolean shown) {}

  /** A model thinks if it is asked to, or cannot do otherwise. */
  private static Thinking thinking(Fields request) {
    Optional<Fields> object = request.object("thinking");
    if (object.isEmpty()) {
      return new Thinking(Optional.of(false), true);
    }
    Fields thinking = object.get();
    Optional<Boolean> wanted =
        switch (thinking.requiredText("type")) {
          case "enabled" -> Optional.of(true);
          case "disabled" -> Optional.of(false);
          case "adaptive" -> Optional.empty();
          default -> throw thinking.wrong("type", "must be enabled, disabled or adaptive");
        };
    thinking.integer("budget_tokens", 1, Integer.MAX_VALUE); // a model thinks as long as it needs
    boolean shown =
        thinking
            .text("display")
            .map(
                display ->
                    switch (display) {
                      case "summarized" -> true;
                      case "omitted" -> false;
                      default -> throw thinking.wrong("display", "must be summarized or omitted");
                    })
            .orElse(true);
    thinking.finish();
    return new Thinking(wanted, shown);
  }

  /** One request. */
  private final class Run {
    private final String id = ToolCall.newId("msg_");
    private final Exchange exchange;
    private final ChatPrompt prompt;
    private final boolean showsThinking;
    private boolean begun;

    Run(Exchange exchange, ChatPrompt prompt, boolean showsThinking) {
      this.exchange = exchange;
      this.prompt = prompt;
      this.showsThinking = showsThinking;
    }

    void answer(boolean stream, EventStream events, ServerResponse response) {
      if (!stream) {
        ContentBlocks blocks = new ContentBlocks(showsThinking, (name, data) -> {});
        Reply reply = chats.answer(exchange, prompt, blocks);
        blocks.finish();
        Door.send(response, message(blocks.json(), reply, usage(reply)));
        return;
      }
      ContentBlocks blocks =
          new ContentBlocks(showsThinking, (name, data) -> send(events, name, data));
      Reply reply = chats.answer(exchange, prompt, blocks);
      blocks.finish();
      ObjectNode last = JSON.objectNode().put("type", "message_delta");
      end(last.putObject("delta"), reply);
      last.set("usage", usage(reply));
      send(events, "message_delta", last);
      send(events, "message_stop", JSON.objectNode().put("type", "message_stop"));
    }

    /** An event, after the first one, which does not know yet how much of the prompt is cached. */
    private void send(EventStream events, String name, JsonNode data) {
      if (!begun) {
        begun = true;
        ObjectNode first = JSON.objectNode().put("type", "message_start");
        first.set("message", message(JSON.arrayNode(), null, usage(prompt.ids().length, 0, 0)));
        events.event("message_start", first);
      }
      events.event(name, data);
    }

    private ObjectNode message(ArrayNode content, @Nullable Reply reply, ObjectNode usage) {
      ObjectNode message = JSON.objectNode();
      message.put("id", id);
      message.put("type", "message");
      message.put("role", "assistant");
      message.put("model", identity.model());
      message.set("content", content);
      end(message, reply);
      message.set("usage", usage);
      return message;
    }
  }

  private static void end(ObjectNode to, @Nullable Reply reply) {
    to.put("stop_reason", reply == null ? null : stopReason(reply));
    to.put("stop_sequence", reply == null ? null : reply.result().stopString().orElse(null));
  }

  private static String stopReason(Reply reply) {
    return switch (reply.result().finishReason()) {
      case END_TOKEN -> reply.calls() > 0 ? "tool_use" : "end_turn";
      case STOP_STRING -> "stop_sequence";
      case MAX_TOKENS, CONTEXT_FULL -> "max_tokens";
      case CANCELLED -> throw new IllegalStateException("a cancelled text is an error");
    };
  }

  private static ObjectNode usage(Reply reply) {
    GenerationStats stats = reply.result().stats();
    ObjectNode usage =
        usage(
            stats.promptTokens() - stats.cachedTokens(),
            stats.cachedTokens(),
            stats.generatedTokens());
    usage.putObject("output_tokens_details").put("thinking_tokens", reply.thinkingTokens());
    return usage;
  }

  private static ObjectNode usage(int computed, int cached, int generated) {
    ObjectNode usage = JSON.objectNode();
    usage.put("input_tokens", computed);
    usage.put("cache_creation_input_tokens", 0);
    usage.put("cache_read_input_tokens", cached);
    usage.put("output_tokens", generated);
    return usage;
  }
}
