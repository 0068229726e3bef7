package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitnetj.error.ChatTemplateException;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.generate.Conversation;
import org.bitnetj.generate.FinishReason;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.Session;
import org.jspecify.annotations.Nullable;

/**
 * A conversation with a model and the commands that rule it. Answers go to standard output,
 * everything else to standard error.
 */
final class Chat {
  /** What a line that starts with a slash can be, and what it does. */
  private record Order(String name, String arguments, String purpose) {}

  private static final List<Order> ORDERS =
      List.of(
          new Order("/help", "", "show this"),
          new Order("/system", "[TEXT | -]", "show, set or (-) remove the system message"),
          new Order("/reset", "", "forget the conversation, keep the system message"),
          new Order("/context", "", "show how full the context is"),
          new Order("/stats", "", "show what the last answer took"),
          new Order("/save", "FILE", "write the conversation as text, or as JSON to a .json file"),
          new Order("/quit", "", "end the chat (as does Ctrl-D)"));

  /** What a user of a system message must know where {@link LanguageModel#hasSystemRole} is not. */
  static final String NO_SYSTEM_ROLE =
      "This model's chat format has no system message, so the text is put in front of your first"
          + " message.";

  private static final int INTERRUPTED = 130;

  private final Streams streams;
  private final LanguageModel model;
  private final Session session;
  private final GenerationOptions options;
  private final Messages messages;
  private final Conversation conversation;
  private final ThinkOption think;
  private final boolean opensThinking;
  private @Nullable GenerationResult latest;
  private @Nullable Path saved;

  Chat(
      Streams streams,
      LanguageModel model,
      Session session,
      GenerationOptions options,
      Messages messages,
      ThinkOption think,
      String system) {
    this.streams = streams;
    this.model = model;
    this.session = session;
    this.options = options;
    this.messages = messages;
    this.think = think;
    this.opensThinking = model.requireChatTemplate().opensThinking(think.settings());
    this.conversation = new Conversation(session);
    conversation.setSettings(think.settings());
    conversation.setSystem(system);
  }

  /** The names of all commands. */
  static List<String> orders() {
    return ORDERS.stream().map(Order::name).toList();
  }

  /** Answers until the messages end; the exit code. */
  int hold() throws IOException {
    for (String message = messages.next(); message != null; message = messages.next()) {
      try {
        if (message.equals("/quit") || message.equals("/exit")) {
          return 0;
        }
        if (message.startsWith("//")) {
          answer(message.substring(1));
        } else if (message.startsWith("/")) {
          obey(message);
        } else if (!message.isEmpty()) {
          answer(message);
        }
      } catch (Failures.Failure | ContextOverflowException | ChatTemplateException e) {
        if (!messages.isConversation()) {
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

  private void answer(String message) {
    Output out = streams.out();
    try (Messages.Guard _ = messages.interrupting(session)) {
      GenerationResult result;
      try (Reply reply = new Reply(streams, opensThinking, think.hides())) {
        result = conversation.reply(message, options, reply);
      }
      out.print("\n").flush();
      latest = result;
      switch (result.finishReason()) {
        case END_TOKEN, STOP_STRING -> {}
        case MAX_TOKENS -> tell("(The answer was cut at the limit of -n.)");
        case CONTEXT_FULL -> tell("(The context is full; /reset begins a new conversation.)");
        case CANCELLED -> tell("(Interrupted.)");
      }
    } catch (ContextOverflowException e) {
      throw new ContextOverflowException(
          "The conversation no longer fits: "
              + e.getMessage()
              + " /reset begins a new conversation.");
    }
  }

  private void obey(String message) {
    String[] parts = message.split("\\s+", 2);
    String argument = parts.length == 2 ? parts[1] : "";
    switch (parts[0]) {
      case "/help" -> help();
      case "/system" -> system(argument);
      case "/reset" -> {
        conversation.clear();
        tell("The conversation is forgotten.");
      }
      case "/context" -> context();
      case "/stats" ->
          tell(latest == null ? "There is no answer yet." : Statistics.line(model, latest));
      case "/save" -> save(argument);
      default ->
          throw new Failures.Failure(
              "Unknown command "
                  + parts[0]
                  + "; /help lists them. Begin a message with // to send one that starts with /.");
    }
  }

  private void help() {
    for (Order order : ORDERS) {
      tell("  %-18s %s".formatted(order.name + " " + order.arguments, order.purpose));
    }
    tell(
        "A line that ends in a backslash continues on the next line. A message between \"\"\" and");
    tell("\"\"\" may have several lines. Begin a message that starts with / with //.");
  }

  private void system(String argument) {
    if (!argument.isEmpty()) {
      conversation.setSystem(argument.equals("-") ? "" : argument);
    }
    Optional<String> system = conversation.system();
    tell(system.map(text -> "System message: " + text).orElse("There is no system message."));
    if (system.isPresent() && !model.hasSystemRole()) {
      tell(NO_SYSTEM_ROLE);
    }
  }

  private void context() {
    List<String> users = new ArrayList<>();
    long said = conversation.messages().stream().filter(m -> !m.role().equals("system")).count();
    if (said > 0) {
      users.add(said + " messages");
    }
    if (conversation.system().isPresent()) {
      users.add("the system message");
    }
    tell(
        conversation.countTokens()
            + " of "
            + session.context()
            + " tokens are used"
            + (users.isEmpty() ? "." : ", by " + String.join(" and ", users) + "."));
  }

  private void save(String argument) {
    if (argument.isEmpty()) {
      throw new Failures.Failure("Name the file: /save FILE.");
    }
    try {
      Path file = Path.of(argument);
      Transcript.write(file, conversation.messages(), file.equals(saved));
      saved = file;
      tell("Saved to " + file + ".");
    } catch (InvalidPathException e) {
      throw new Failures.Failure(argument + " is not a file name.");
    }
  }

  private void tell(String line) {
    streams.tell(line);
  }
}
