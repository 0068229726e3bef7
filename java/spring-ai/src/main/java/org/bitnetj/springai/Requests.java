package org.bitnetj.springai;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.reply.ChatRequest;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.chat.reply.Tools;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.option.SamplingOptions;
import org.jspecify.annotations.Nullable;
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
    Optional<Grammar> format =
        Optional.ofNullable(options.getOutputSchema()).map(Grammar::jsonSchema);
    Tools tools = tools(options, definitions);
    if (options.getConstraint() != null
        && (format.isPresent() || tools.choice() == Tools.Choice.REQUIRED)) {
      throw new IllegalArgumentException(
          "A constraint is for the whole reply; leave out the output schema and the tool choice"
              + " REQUIRED.");
    }
    return new ChatRequest(
        messages, tools, Optional.ofNullable(options.getThinking()), format, generation(options));
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
    Tools.Choice choice =
        switch (options.getToolChoice()) {
          case null -> Tools.Choice.AUTO;
          case AUTO -> Tools.Choice.AUTO;
          case REQUIRED -> Tools.Choice.REQUIRED;
          case NONE -> Tools.Choice.NONE;
        };
    if (definitions.isEmpty()) {
      if (choice == Tools.Choice.REQUIRED) {
        throw new IllegalArgumentException("The tool choice REQUIRED needs at least one tool.");
      }
      return Tools.ABSENT;
    }
    return new Tools(
        definitions.stream()
            .map(tool -> Tools.function(tool.name(), tool.description(), tool.inputSchema()))
            .toList(),
        choice,
        Optional.empty(),
        !Boolean.FALSE.equals(options.getParallelToolCalls()));
  }

  private static GenerationOptions generation(BitNetChatOptions options) {
    SamplingOptions d = SamplingOptions.defaults();
    SamplingOptions sampling =
        d.withTemperature(or(options.getTemperature(), d.temperature()))
            .withTopP(or(options.getTopP(), d.topP()))
            .withTopK(or(options.getTopK(), d.topK()))
            .withMinP(or(options.getMinP(), d.minP()))
            .withRepetitionPenalty(or(options.getRepetitionPenalty(), d.repetitionPenalty()))
            .withFrequencyPenalty(or(options.getFrequencyPenalty(), d.frequencyPenalty()))
            .withPresencePenalty(or(options.getPresencePenalty(), d.presencePenalty()))
            .withPenaltyWindow(Integer.MAX_VALUE)
            .withSeed(
                options.getSeed() == null
                    ? OptionalLong.empty()
                    : OptionalLong.of(options.getSeed()));
    GenerationOptions generation =
        GenerationOptions.defaults()
            .withSampling(sampling)
            .withStopStrings(or(options.getStopSequences(), List.of()))
            .withMaxTokens(or(options.getMaxTokens(), Integer.MAX_VALUE));
    return options.getConstraint() == null
        ? generation
        : generation.withConstraint(options.getConstraint());
  }

  private static <T> T or(@Nullable T value, T otherwise) {
    return value == null ? otherwise : value;
  }
}
