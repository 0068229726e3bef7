package org.bitnetj.chat;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What a chat template is told besides the messages. Immutable.
 *
 * @param tools definitions of the functions that the model may call, each a JSON object as in
 *     OpenAI's API: {@code {"type": "function", "function": {"name": …, "parameters": …}}}. Special
 *     tokens that they spell stay text
 * @param thinking whether the model thinks before it answers, where the template leaves a choice
 *     ({@link ChatTemplate#thinking}); empty for the template's own
 */
public record ChatSettings(List<String> tools, Optional<Boolean> thinking) {
  /** No tools; thinking as the template has it. */
  public static final ChatSettings DEFAULTS = new ChatSettings(List.of(), Optional.empty());

  /**
   * Copies the tools and checks that they are JSON.
   *
   * @throws IllegalArgumentException if a tool is not a JSON object
   */
  public ChatSettings {
    Objects.requireNonNull(tools, "tools is null");
    Objects.requireNonNull(thinking, "thinking is null");
    tools = List.copyOf(tools);
    tools.forEach(tool -> JsonText.object("A tool definition", tool));
  }

  /**
   * {@return these settings with other tools}
   *
   * @param value their definitions, as in {@link #tools}
   * @throws IllegalArgumentException if one is not a JSON object
   */
  public ChatSettings withTools(List<String> value) {
    return new ChatSettings(value, thinking);
  }

  /**
   * {@return these settings with the choice made}
   *
   * @param value whether the model thinks before it answers
   */
  public ChatSettings withThinking(boolean value) {
    return new ChatSettings(tools, Optional.of(value));
  }
}
