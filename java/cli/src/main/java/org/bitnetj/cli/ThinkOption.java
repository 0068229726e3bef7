package org.bitnetj.cli;

import org.bitnetj.chat.ChatSettings;
import org.bitnetj.chat.ChatTemplate;
import org.bitnetj.chat.Thinking;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What becomes of the text between {@code <think>} and {@code </think>}. */
final class ThinkOption {
  /** As ollama's {@code --think} and {@code --hidethinking} have it. */
  enum Mode {
    show,
    hide,
    off
  }

  @Option(
      names = "--think",
      paramLabel = "MODE",
      description =
          "show: print what the model thinks before it answers; hide: let it think, but print the"
              + " answer alone; off: as hide, and ask it not to think, where its chat format leaves"
              + " that choice. Default: show what there is; the chat format decides whether to"
              + " think.")
  private @Nullable Mode mode;

  /** Whether replies are printed without what the model thinks. */
  boolean hides() {
    return mode == Mode.hide || mode == Mode.off;
  }

  boolean isOff() {
    return mode == Mode.off;
  }

  boolean isGiven() {
    return mode != null;
  }

  ChatSettings settings() {
    return isGiven() ? ChatSettings.DEFAULTS.withThinking(!isOff()) : ChatSettings.DEFAULTS;
  }

  /** What a user should know who chooses what the template does not; null if there is nothing. */
  @Nullable String note(ChatTemplate template) {
    if (isGiven() && template.thinking() == Thinking.UNKNOWN) {
      return "This model's chat format knows no thinking, so --think "
          + (isOff() ? "off cannot keep the model from it." : "changes nothing for the model.");
    }
    return isOff() && template.thinking() == Thinking.FIXED
        ? "This model's chat format leaves no choice of thinking, so --think off only hides it."
        : null;
  }
}
