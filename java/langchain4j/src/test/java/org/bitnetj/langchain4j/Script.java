package org.bitnetj.langchain4j;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.chat.reply.ShippedModel;
import org.bitnetj.generate.LanguageModel;

/**
 * Makes the shipped model, which only tells stories, answer as LangChain4j's tests expect it of a
 * large one. What it would say is narrowed: free text by a constraint, formats and required calls
 * by schemas that allow the one expected answer. Everything else is the real path.
 */
final class Script {
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

  private final LanguageModel model;

  Script(LanguageModel model) {
    this.model = model;
  }

  /** The same request, narrowed. */
  ChatRequest narrowed(ChatRequest request) {
    String last = text(request.messages().getLast());
    var parameters = BitNetChatRequestParameters.builder().overrideWith(request.parameters());
    boolean formatted = request.responseFormat() != null;
    if (request.toolChoice() == ToolChoice.REQUIRED || formatted && last.endsWith("in Munich?")) {
      parameters
          .toolSpecifications(weatherInMunich(request))
          .toolChoice(ToolChoice.REQUIRED)
          .parallelToolCalls(false);
    } else if (formatted) {
      parameters
          .responseFormat(only(last.equals("sunny") ? "weather" : "city"))
          .toolChoice(ToolChoice.NONE);
    } else {
      said(last).ifPresent(text -> parameters.constraint(ShippedModel.saying(model, text)));
    }
    return ChatRequest.builder()
        .messages(request.messages())
        .parameters(parameters.build())
        .build();
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
