package org.bitnetj.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.bitnetj.error.ChatTemplateException;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.error.KvCacheFullException;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.hub.HubException;
import org.jspecify.annotations.Nullable;

/**
 * What a user says and gets answered, line by line, and the commands that rule it: lines that start
 * with a slash. Texts of the model go to standard output, everything else to standard error. For
 * one thread.
 */
abstract class Dialogue implements AutoCloseable {
  /** What a line that starts with a slash can be, and what it does. */
  record Order(String name, String arguments, String purpose) {
    String usage() {
      return (name + " " + arguments).strip();
    }
  }

  private static final int INTERRUPTED = 130;

  private final Streams streams;
  private final Messages messages;
  private @Nullable GenerationResult latest;

  Dialogue(Streams streams, Messages messages) {
    this.streams = streams.wrapping(messages::columns);
    this.messages = messages;
  }

  /** The commands in the order of the help. */
  abstract List<Order> orders();

  /** Obeys a command, which is one of {@link #orders}. */
  abstract void obey(String name, String argument) throws IOException;

  /** Lets the model write what follows a message; what it took. */
  abstract GenerationResult answer(String message);

  /** Says what was typed wrongly or does not fit; the dialogue goes on. */
  private static boolean isForgivable(Exception e) {
    return e instanceof Failures.Failure
        || e instanceof ContextOverflowException
        || e instanceof ChatTemplateException
        || e instanceof KvCacheFullException
        || e instanceof ModelFileException
        || e instanceof HubException;
  }

  /**
   * Answers until the messages end; the exit code.
   *
   * @param first a message before all others
   */
  final int hold(Optional<String> first) throws IOException {
    String message = first.isPresent() ? first.get() : messages.next();
    for (; message != null; message = messages.next()) {
      try {
        if (message.equals("/quit") || message.equals("/exit")) {
          return 0;
        }
        if (message.startsWith("//")) {
          latest = answer(message.substring(1));
        } else if (message.startsWith("/")) {
          obey(message);
        } else if (!message.isEmpty()) {
          latest = answer(message);
        }
      } catch (IOException | RuntimeException e) {
        if (!messages.isConversation() || !isForgivable(e)) {
          throw e;
        }
        tell(String.valueOf(e.getMessage()));
      }
      if (latest != null
          && latest.finishReason() == FinishReason.CANCELLED
          && !messages.isConversation()) {
        return INTERRUPTED;
      }
    }
    return 0;
  }

  private void obey(String message) throws IOException {
    String[] parts = message.split("\\s+", 2);
    List<String> names = orders().stream().map(Order::name).toList();
    if (!names.contains(parts[0])) {
      List<String> meant = Suggestion.of(parts[0], names);
      throw new Failures.Failure(
          "Unknown command "
              + parts[0]
              + (meant.isEmpty() ? "" : "; did you mean " + String.join(" or ", meant) + "?")
              + (meant.isEmpty() ? "; /help lists them." : " /help lists them.")
              + " Begin a message with // to send one that starts with /.");
    }
    if (parts[0].equals("/help")) {
      help();
    } else {
      obey(parts[0], parts.length == 2 ? parts[1] : "");
    }
  }

  private void help() {
    int left = orders().stream().mapToInt(order -> order.usage().length()).max().orElse(0);
    int indent = 2 + left + 1;
    int right = Math.max(1, messages.columns().orElse(Integer.MAX_VALUE) - indent);
    for (Order order : orders()) {
      tell(
          ("  %-" + left + "s ").formatted(order.usage())
              + WordWrap.wrapped(order.purpose, right).replace("\n", "\n" + " ".repeat(indent)));
    }
    tell(
        "A line that ends in a backslash continues on the next line. A message between \"\"\" and"
            + " \"\"\" may have several lines. Begin a message that starts with / with //.");
  }

  /**
   * Options for another one in the place of the last text: where a seed was given, the next one.
   *
   * @param what the text is called
   */
  final GenerationOptions another(GenerationOptions options, String what) {
    if (options.sampling().isGreedy()) {
      tell("(With temp 0 the " + what + " is the same each time; /set temp 0.8 makes it vary.)");
    } else if (options.sampling().seed().isPresent() && latest != null) {
      return options.withSeed(latest.seed() + 1);
    }
    return options;
  }

  /** What the last text took; null if there is none. */
  final @Nullable GenerationResult latest() {
    return latest;
  }

  final void remember(GenerationResult result) {
    latest = result;
  }

  final Streams streams() {
    return streams;
  }

  final Messages messages() {
    return messages;
  }

  final void tell(String line) {
    streams.tell(line);
  }

  @Override
  public abstract void close();
}
