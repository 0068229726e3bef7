package org.bitnetj.springai;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.reply.ChatRequest;
import org.bitnetj.chat.reply.ReplyOptions;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.chat.reply.Tools;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.generate.GenerationOptions;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.tool.definition.ToolDefinition;

/** Reads Spring AI's prompts. */
final class Requests {
  private Requests() {}

  /**
   * What the engine is asked.
   *
   * @param options of the prompt
   * @param definitions of the tools that may be called
   * @throws IllegalArgumentException if the prompt asks for what no model here can, contradicts
   *     itself, or has a value out of range
   */
  static ChatRequest read(
      Prompt prompt, BitNetChatOptions options, List<ToolDefinition> definitions) {
    List<ChatMessage> messages =
        prompt.getInstructions().stream().flatMap(Requests::messages).toList();
    return new ChatRequest(
        messages,
        tools(options, definitions),
        Optional.ofNullable(options.getThinking()),
        Optional.ofNullable(options.getOutputSchema()).map(Grammar::jsonSchema),
        generation(options));
  }

  /** One message, but one for each result of a tool. */
  private static Stream<ChatMessage> messages(Message message) {
    return switch (message) {
      case SystemMessage system -> Stream.of(ChatMessage.system(text(system)));
      case UserMessage user when user.getMedia().isEmpty() ->
          Stream.of(ChatMessage.user(text(user)));
      case UserMessage _ ->
          throw new IllegalArgumentException(
              "This model reads text; images, sound and other media are not supported.");
      case AssistantMessage answer -> Stream.of(answer(answer));
      case ToolResponseMessage results ->
          results.getResponses().stream().map(result -> ChatMessage.tool(result.responseData()));
      default ->
          throw new IllegalArgumentException(
              "Messages of type " + message.getMessageType() + " are not supported.");
    };
  }

  private static ChatMessage answer(AssistantMessage message) {
    return message.hasToolCalls()
        ? ToolCall.message(
            text(message),
            message.getToolCalls().stream()
                .map(call -> new ToolCall(call.id(), call.name(), call.arguments()))
                .toList())
        : ChatMessage.assistant(text(message));
  }

  private static String text(Message message) {
    return Objects.requireNonNullElse(message.getText(), "");
  }

  private static Tools tools(BitNetChatOptions options, List<ToolDefinition> definitions) {
    return Tools.of(
        definitions.stream()
            .map(tool -> Tools.function(tool.name(), tool.description(), tool.inputSchema()))
            .toList(),
        switch (options.getToolChoice()) {
          case null -> Tools.Choice.AUTO;
          case AUTO -> Tools.Choice.AUTO;
          case REQUIRED -> Tools.Choice.REQUIRED;
          case NONE -> Tools.Choice.NONE;
        },
        options.getParallelToolCalls());
  }

  private static GenerationOptions generation(BitNetChatOptions options) {
    return new ReplyOptions()
        .temperature(options.getTemperature())
        .topP(options.getTopP())
        .topK(options.getTopK())
        .minP(options.getMinP())
        .repetitionPenalty(options.getRepetitionPenalty())
        .frequencyPenalty(options.getFrequencyPenalty())
        .presencePenalty(options.getPresencePenalty())
        .seed(options.getSeed())
        .stopStrings(options.getStopSequences())
        .maxTokens(options.getMaxTokens())
        .constraint(options.getConstraint())
        .options();
  }
}
