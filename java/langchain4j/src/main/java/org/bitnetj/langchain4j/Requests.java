package org.bitnetj.langchain4j;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.chat.reply.Replies;
import org.bitnetj.chat.reply.ReplyOptions;
import org.bitnetj.chat.reply.ToolCall;
import org.bitnetj.chat.reply.Tools;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;
import org.jspecify.annotations.Nullable;

/** Reads LangChain4j's requests to one model. Immutable and thread-safe. */
final class Requests {
  private final Replies replies;
  private final BitNetChatRequestParameters defaults;

  /**
   * @param parameters what requests do not say themselves
   * @throws RuntimeException as {@link ModelBuilder#build()}
   */
  Requests(LanguageModel model, BitNetChatRequestParameters parameters) {
    model.requireChatTemplate();
    this.replies = new Replies(model);
    requireModel(parameters);
    this.defaults =
        BitNetChatRequestParameters.builder()
            .overrideWith(parameters)
            .modelName(replies.model().info().name())
            .build();
  }

  Replies replies() {
    return replies;
  }

  BitNetChatRequestParameters defaults() {
    return defaults;
  }

  /**
   * What the engine is asked.
   *
   * @param request with all parameters, the defaults included
   * @throws UnsupportedFeatureException if it asks for what no model here can
   * @throws InvalidRequestException if it contradicts itself, or a value is out of range
   */
  org.bitnetj.chat.reply.ChatRequest read(ChatRequest request) {
    BitNetChatRequestParameters parameters = defaults.overrideWith(request.parameters());
    requireModel(parameters);
    List<ChatMessage> messages = request.messages().stream().map(Requests::message).toList();
    try {
      return new org.bitnetj.chat.reply.ChatRequest(
          messages,
          tools(parameters),
          Optional.ofNullable(parameters.thinking()),
          format(parameters.responseFormat()),
          options(parameters));
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException(e);
    }
  }

  private void requireModel(ChatRequestParameters parameters) {
    String name = parameters.modelName();
    if (name != null && !name.equals(replies.model().info().name())) {
      throw new UnsupportedFeatureException(
          "modelName '%s' is not supported: this is the model '%s', loaded from %s."
              .formatted(name, replies.model().info().name(), replies.model().path()));
    }
  }

  private static ChatMessage message(dev.langchain4j.data.message.ChatMessage message) {
    return switch (message) {
      case SystemMessage system -> ChatMessage.system(system.text());
      case UserMessage user -> ChatMessage.user(text(user.contents()));
      case AiMessage answer -> answer(answer);
      case ToolExecutionResultMessage result -> ChatMessage.tool(text(result.contents()));
      default ->
          throw new UnsupportedFeatureException(
              "Messages of type " + message.type() + " are not supported.");
    };
  }

  private static ChatMessage answer(AiMessage message) {
    String text = message.text() == null ? "" : message.text();
    if (!message.hasToolExecutionRequests()) {
      return ChatMessage.assistant(text);
    }
    try {
      return ToolCall.message(
          text,
          message.toolExecutionRequests().stream()
              .map(call -> new ToolCall(call.id(), call.name(), call.arguments()))
              .toList());
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException(e);
    }
  }

  private static String text(List<Content> contents) {
    return contents.stream().map(Requests::text).collect(Collectors.joining("\n"));
  }

  private static String text(Content content) {
    if (content instanceof TextContent text) {
      return text.text();
    }
    throw new UnsupportedFeatureException(
        "This model reads text; content of type %s is not supported."
            .formatted(content.type().name().toLowerCase(Locale.ROOT)));
  }

  private static Optional<Grammar> format(@Nullable ResponseFormat format) {
    if (format == null || format.type() == ResponseFormatType.TEXT) {
      return Optional.empty();
    }
    return Optional.of(
        format.jsonSchema() == null
            ? Grammar.jsonObject()
            : Grammar.jsonSchema(JsonSchemas.text(format.jsonSchema().rootElement())));
  }

  private static Tools tools(BitNetChatRequestParameters parameters) {
    return Tools.of(
        parameters.toolSpecifications().stream().map(Requests::function).toList(),
        switch (parameters.toolChoice()) {
          case null -> Tools.Choice.AUTO;
          case AUTO -> Tools.Choice.AUTO;
          case REQUIRED -> Tools.Choice.REQUIRED;
          case NONE -> Tools.Choice.NONE;
        },
        parameters.parallelToolCalls());
  }

  private static ObjectNode function(ToolSpecification tool) {
    String description = tool.description() == null ? "" : tool.description();
    return Tools.function(tool.name(), description, JsonSchemas.ofArguments(tool.parameters()));
  }

  private static GenerationOptions options(BitNetChatRequestParameters parameters) {
    return new ReplyOptions()
        .temperature(parameters.temperature())
        .topP(parameters.topP())
        .topK(parameters.topK())
        .minP(parameters.minP())
        .repetitionPenalty(parameters.repetitionPenalty())
        .frequencyPenalty(parameters.frequencyPenalty())
        .presencePenalty(parameters.presencePenalty())
        .seed(parameters.seed())
        .stopStrings(parameters.stopSequences())
        .maxTokens(parameters.maxOutputTokens())
        .constraint(parameters.constraint())
        .options();
  }
}
