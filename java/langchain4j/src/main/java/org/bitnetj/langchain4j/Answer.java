package org.bitnetj.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.chat.reply.Reply;
import org.bitnetj.chat.reply.ReplySink;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.generate.GenerationStats;

/** Collects an answer's parts. Not thread-safe. */
class Answer implements ReplySink {
  private final StringBuilder thinking = new StringBuilder();
  private final StringBuilder text = new StringBuilder();
  private final List<ToolExecutionRequest> calls = new ArrayList<>();

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
    calls.add(
        ToolExecutionRequest.builder()
            .id(call.id())
            .name(call.name())
            .arguments(call.arguments())
            .build());
  }

  final List<ToolExecutionRequest> calls() {
    return calls;
  }

  /** The whole answer. */
  final ChatResponse response(String modelName, Reply reply) {
    GenerationStats stats = reply.result().stats();
    return ChatResponse.builder()
        .aiMessage(
            AiMessage.builder()
                .text(text.isEmpty() && !calls.isEmpty() ? null : text.toString())
                .thinking(thinking.isEmpty() ? null : thinking.toString())
                .toolExecutionRequests(calls)
                .build())
        .metadata(
            ChatResponseMetadata.builder()
                .id(ToolCall.newId("chat_"))
                .modelName(modelName)
                .tokenUsage(new TokenUsage(stats.promptTokens(), stats.generatedTokens()))
                .finishReason(reason(reply))
                .build())
        .build();
  }

  private static FinishReason reason(Reply reply) {
    return switch (reply.end()) {
      case STOP -> FinishReason.STOP;
      case CALLS -> FinishReason.TOOL_EXECUTION;
      case LENGTH -> FinishReason.LENGTH;
    };
  }
}
