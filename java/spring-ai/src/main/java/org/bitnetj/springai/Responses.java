package org.bitnetj.springai;

import java.util.List;
import java.util.Map;
import org.bitnetj.chat.reply.Reply;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.generate.GenerationStats;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * Writes Spring AI's responses to one request: a whole one, or pieces. Thinking is the property
 * {@code thinking} of a message.
 *
 * @param id of the response
 * @param model its name
 */
record Responses(String id, String model) {
  static final String THINKING = "thinking";

  static AssistantMessage.ToolCall call(ToolCall call) {
    return new AssistantMessage.ToolCall(call.id(), "function", call.name(), call.arguments());
  }

  /** A piece of an answer that has not ended. */
  ChatResponse piece(String text, String thinking, List<AssistantMessage.ToolCall> calls) {
    return new ChatResponse(
        List.of(new Generation(message(text, thinking, calls), ChatGenerationMetadata.NULL)),
        ChatResponseMetadata.builder().id(id).model(model).build());
  }

  /** A whole answer, or the end of one. */
  ChatResponse end(
      String text, String thinking, List<AssistantMessage.ToolCall> calls, Reply reply) {
    GenerationStats stats = reply.result().stats();
    return new ChatResponse(
        List.of(
            new Generation(
                message(text, thinking, calls),
                ChatGenerationMetadata.builder().finishReason(reason(reply)).build())),
        ChatResponseMetadata.builder()
            .id(id)
            .model(model)
            .usage(new DefaultUsage(stats.promptTokens(), stats.generatedTokens()))
            .build());
  }

  private static AssistantMessage message(
      String text, String thinking, List<AssistantMessage.ToolCall> calls) {
    return AssistantMessage.builder()
        .content(text)
        .properties(thinking.isEmpty() ? Map.of() : Map.of(THINKING, thinking))
        .toolCalls(calls)
        .build();
  }

  private static String reason(Reply reply) {
    return switch (reply.end()) {
      case STOP -> "stop";
      case CALLS -> "tool_calls";
      case LENGTH -> "length";
    };
  }
}
