package org.bitnetj.springai;

import java.util.Objects;
import java.util.function.BiFunction;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import reactor.core.publisher.Flux;

/**
 * A model that is made to call the tool {@code weather} and then to tell of its result: the shipped
 * model by itself only tells stories.
 *
 * @param saying the options with which the model answers with a text
 */
record Scripted(ChatModel model, BiFunction<ChatOptions, String, ChatOptions> saying)
    implements ChatModel {
  private Prompt scripted(Prompt prompt) {
    String said =
        prompt.getInstructions().getLast() instanceof ToolResponseMessage
            ? "It rains in Rome."
            : "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Rome\"}}\n"
                + "</tool_call>";
    ChatOptions options = Objects.requireNonNull(prompt.getOptions());
    return prompt.mutate().chatOptions(saying.apply(options, said)).build();
  }

  @Override
  public ChatResponse call(Prompt prompt) {
    return model.call(scripted(prompt));
  }

  @Override
  public Flux<ChatResponse> stream(Prompt prompt) {
    return model.stream(scripted(prompt));
  }

  @Override
  public ChatOptions getOptions() {
    return model.getOptions();
  }
}
