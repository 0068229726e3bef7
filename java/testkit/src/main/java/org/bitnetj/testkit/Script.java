package org.bitnetj.testkit;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Makes the shipped model, which only tells stories, answer as LangChain4j's tests expect it of a
 * large one. What it would say is narrowed: free text by parameters of the model under test,
 * formats and required calls by schemas that allow the one expected answer. Everything else is the
 * real path.
 */
public final class Script {
  private static final String MUNICH = call("getWeather", "{\"city\": \"Munich\"}");

  /** By what the last message contains. */
  private static final Map<String, String> SAID =
      Map.of(
          "capital of Germany", "The capital of Germany is Berlin, and 2 + 2 is 4.",
          "I love you", "Ich liebe dich.",
          "my favorite color", "Your favorite color is green.",
          "Hello World", "Hello World",
          "weather in Munich?", MUNICH,
          "time now", call("get_current_time", "{}"),
          "in parallel", MUNICH + "\n" + call("getTime", "{\"country\": \"France\"}"),
          "sunny", "It is sunny.",
          "10:14", "It is 10:14.",
          "14:35", "It is sunny, and the time is 14:35.");

  private final Function<String, ChatRequestParameters> saying;
  private final ChatRequestParameters oneCall;

  /**
   * @param saying parameters by which a model answers with a text, calls of tools included
   * @param oneCall parameters by which it writes no more than one call
   */
  public Script(Function<String, ChatRequestParameters> saying, ChatRequestParameters oneCall) {
    this.saying = saying;
    this.oneCall = oneCall;
  }

  /** The same request, narrowed. */
  ChatRequest narrowed(ChatRequest request) {
    ChatRequestParameters parameters = request.parameters();
    return ChatRequest.builder()
        .messages(request.messages())
        .parameters(narrowing(request).map(parameters::overrideWith).orElse(parameters))
        .build();
  }

  private Optional<ChatRequestParameters> narrowing(ChatRequest request) {
    String last = text(request.messages().getLast());
    boolean formatted = request.responseFormat() != null;
    if (request.toolChoice() == ToolChoice.REQUIRED || formatted && last.endsWith("in Munich?")) {
      return Optional.of(
          oneCall.overrideWith(
              ChatRequestParameters.builder()
                  .toolSpecifications(weatherInMunich(request))
                  .toolChoice(ToolChoice.REQUIRED)
                  .build()));
    }
    if (formatted) {
      return Optional.of(
          ChatRequestParameters.builder()
              .responseFormat(only(last.equals("sunny") ? "weather" : "city"))
              .toolChoice(ToolChoice.NONE)
              .build());
    }
    return said(last).map(saying);
  }

  private static Optional<String> said(String last) {
    return SAID.keySet().stream().filter(last::contains).findFirst().map(SAID::get);
  }

  private static String text(ChatMessage message) {
    return switch (message) {
      case UserMessage user when user.hasSingleText() -> user.singleText();
      case ToolExecutionResultMessage result -> result.text();
      default -> "";
    };
  }

  private static String call(String name, String arguments) {
    return "<tool_call>\n{\"name\": \"%s\", \"arguments\": %s}\n</tool_call>"
        .formatted(name, arguments);
  }

  private static ToolSpecification weatherInMunich(ChatRequest request) {
    ToolSpecification weather =
        request.toolSpecifications().stream()
            .filter(tool -> tool.name().equals("getWeather"))
            .findFirst()
            .orElseThrow();
    return weather.toBuilder()
        .strict(true) // else OpenAI's client leaves the object open
        .parameters(
            JsonObjectSchema.builder()
                .addEnumProperty("city", java.util.List.of("Munich"))
                .required("city")
                .build())
        .build();
  }

  private static ResponseFormat only(String property) {
    String value = property.equals("city") ? "Berlin" : "sunny";
    return ResponseFormat.builder()
        .type(ResponseFormatType.JSON)
        .jsonSchema(
            JsonSchema.builder()
                .name("only")
                .rootElement(
                    JsonRawSchema.from("{\"const\": {\"%s\": \"%s\"}}".formatted(property, value)))
                .build())
        .build();
  }
}
