package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.error.KernelTierException;
import org.bitnetj.generate.Conversation;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.LanguageModel;
import org.jspecify.annotations.Nullable;

/** A conversation with a model that was made to chat. */
final class Chat extends Dialogue {
  /**
   * How a conversation is held.
   *
   * @param generation how answers are generated
   * @param system the system message; empty for none
   * @param shifts whether the oldest messages are dropped where the context would be full
   * @param reporting what is said of an answer
   */
  record Manner(
      GenerationOptions generation,
      ThinkOption think,
      String system,
      boolean shifts,
      Reporting reporting) {}

  private static final List<Order> ORDERS =
      List.of(
          new Order("/help", "", "show this"),
          new Order("/system", "[TEXT | -]", "show, set or (-) remove the system message"),
          new Order("/retry", "", "answer the last message again, with another seed"),
          new Order("/undo", "", "forget the last message and its answer"),
          new Order("/reset", "", "forget the conversation, keep the system message"),
          new Order("/context", "", "show how full the context is"),
          new Order("/set", "[OPTION [VALUE]]", "show or change how answers are generated"),
          new Order("/model", "[MODEL]", "show the model, or go on with another one"),
          new Order("/stats", "", "show what the last answer took"),
          new Order("/save", "FILE", "write the conversation as text, or as JSON to a .json file"),
          new Order("/load", "FILE", "go on with a conversation that was saved as JSON"),
          new Order("/quit", "", "end the chat (as does Ctrl-D)"));

  /** What a user of a system message must know where {@link LanguageModel#hasSystemRole} is not. */
  static final String NO_SYSTEM_ROLE =
      "This model's chat format has no system message, so the text is put in front of your first"
          + " message.";

  /** The part of the context that is kept free for an answer, where messages can be dropped. */
  private static final int ROOM = 4;

  /** Messages are dropped until they take this part of the context, so that it happens seldom. */
  private static final int KEPT = 2;

  private final Manner manner;
  private final LoadedModel.Loader loader;
  private final SessionSettings settings;

  /** What the conversation had before what it has; the model no longer sees it. */
  private final List<ChatMessage> dropped = new ArrayList<>();

  private LoadedModel loaded;
  private Conversation conversation;
  private @Nullable Path saved;

  /** What the last answer took, with the model that gave it. */
  private @Nullable String took;

  /**
   * Begins a conversation.
   *
   * @param loaded a model with a chat template; closed with this
   * @param loader what {@code /model} loads others by
   */
  Chat(
      Streams streams,
      Messages messages,
      LoadedModel loaded,
      LoadedModel.Loader loader,
      Manner manner) {
    super(streams, messages);
    this.loaded = loaded;
    this.loader = loader;
    this.manner = manner;
    this.settings = new SessionSettings(manner.generation);
    this.conversation = conversation(loaded);
    conversation.setSystem(manner.system);
  }

  private Conversation conversation(LoadedModel with) {
    Conversation made = new Conversation(with.session());
    made.setSettings(manner.think.settings());
    return made;
  }

  /** Says what a user should know at the beginning. */
  void greet() {
    if (!manner.system.isEmpty() && !loaded.model().hasSystemRole()) {
      note(NO_SYSTEM_ROLE);
    }
    noteTemplate();
    if (messages().isConversation() && !manner.reporting.isQuiet()) {
      tell(loaded.described() + ". /help lists commands, Ctrl-D ends the chat.");
    }
  }

  private void noteTemplate() {
    loaded.model().requireChatTemplate().note().ifPresent(this::note);
    String thinking = manner.think.note(loaded.model().requireChatTemplate());
    if (thinking != null) {
      note(thinking);
    }
  }

  private void note(String sentence) {
    if (!manner.reporting.isQuiet()) {
      tell("bitnet: note: " + sentence);
    }
  }

  /** The names of all commands. */
  static List<String> names() {
    return ORDERS.stream().map(Order::name).toList();
  }

  @Override
  List<Order> orders() {
    return ORDERS;
  }

  @Override
  GenerationResult answer(String message) {
    return answer(message, settings.options());
  }

  private GenerationResult answer(String message, GenerationOptions options) {
    Output out = streams().out();
    if (manner.shifts) {
      makeRoom(message, options);
    }
    try (Messages.Guard _ = messages().interrupting(loaded.session())) {
      GenerationResult result;
      boolean inside = loaded.model().requireChatTemplate().opensThinking(manner.think.settings());
      try (Reply reply = new Reply(streams(), inside, manner.think.hides(), messages()::columns);
          PrefillProgress progress = manner.reporting.withProgress(streams(), reply)) {
        result = conversation.reply(message, options, progress);
      }
      took = Statistics.line(loaded.model(), result);
      out.print("\n").flush();
      switch (result.finishReason()) {
        case END_TOKEN, STOP_STRING -> {}
        case MAX_TOKENS -> tell("(The answer was cut at the limit of -n.)");
        case CONTEXT_FULL -> tell("(The context is full" + remedy());
        case CANCELLED -> tell("(Interrupted.)");
      }
      if (messages().isConversation() || manner.reporting.isFull()) {
        manner.reporting.tell(streams(), loaded.model(), result, null);
      }
      return result;
    } catch (ContextOverflowException e) {
      throw new ContextOverflowException(
          "The conversation no longer fits: "
              + e.getMessage()
              + " /reset begins a new conversation.");
    }
  }

  private String remedy() {
    return manner.shifts
        ? "; the answer was cut. The oldest messages make room for the next one.)"
        : "; /reset begins a new conversation.)";
  }

  /** Drops the oldest turns if they leave little room for an answer, and says so. */
  private void makeRoom(String message, GenerationOptions options) {
    int context = loaded.session().context();
    List<ChatMessage> kept = new ArrayList<>(conversation.messages());
    kept.add(ChatMessage.user(message));
    int room = Math.min(options.maxTokens(), context / ROOM);
    int first = conversation.system().isPresent() ? 1 : 0;
    List<ChatMessage> gone = new ArrayList<>();
    int tokens = tokens(kept);
    if (tokens + room <= context) {
      return;
    }
    while (tokens > context / KEPT && kept.size() > first + 1) {
      do {
        gone.add(kept.remove(first));
      } while (kept.size() > first + 1 && !kept.get(first).role().equals("user"));
      tokens = tokens(kept);
    }
    if (gone.isEmpty() || tokens > context) {
      return; // the message alone is too long, and dropping others would not help
    }
    conversation.restore(kept.subList(0, kept.size() - 1));
    dropped.addAll(gone);
    tell(
        "(The context was full: the oldest "
            + gone.size()
            + " messages were dropped. The model no longer sees them; /save still writes them.)");
  }

  private int tokens(List<ChatMessage> all) {
    return loaded.model().encodeChat(all, manner.think.settings()).length;
  }

  @Override
  void obey(String name, String argument) throws IOException {
    switch (name) {
      case "/system" -> system(argument);
      case "/retry" -> retry();
      case "/undo" -> undo();
      case "/reset" -> {
        conversation.clear();
        dropped.clear();
        saved = null;
        tell("The conversation is forgotten.");
      }
      case "/context" -> context();
      case "/set" -> tell(settings.set(argument));
      case "/model" -> model(argument);
      case "/stats" -> {
        tell(took == null ? "There is no answer yet." : took);
      }
      case "/save" -> save(argument);
      case "/load" -> load(argument);
      default -> throw new AssertionError(name);
    }
  }

  /** The place of the last message of the user in the conversation; -1 if there is none. */
  private int lastMessage() {
    List<ChatMessage> all = conversation.messages();
    int at = all.size() - 1;
    while (at >= 0 && !all.get(at).role().equals("user")) {
      at--;
    }
    return at;
  }

  private void undo() {
    int at = lastMessage();
    if (at < 0) {
      throw new Failures.Failure("There is nothing to forget.");
    }
    conversation.restore(conversation.messages().subList(0, at));
    tell("The last message and its answer are forgotten.");
  }

  private void retry() {
    int at = lastMessage();
    if (at < 0) {
      throw new Failures.Failure("There is no message to answer again.");
    }
    List<ChatMessage> before = conversation.messages();
    GenerationOptions options = another(settings.options(), "answer");
    List<ChatMessage> droppedBefore = List.copyOf(dropped);
    conversation.restore(before.subList(0, at));
    ChatMessage earlier = at == 0 ? null : before.get(at - 1);
    boolean answered = false;
    try {
      remember(answer(before.get(at).content(), options));
      List<ChatMessage> now = conversation.messages(); // the oldest may have been dropped
      answered = !now.isEmpty() && now.getLast() != earlier;
    } finally {
      if (!answered) {
        conversation.restore(before);
        dropped.clear();
        dropped.addAll(droppedBefore);
      }
    }
  }

  private void system(String argument) {
    if (!argument.isEmpty()) {
      conversation.setSystem(argument.equals("-") ? "" : argument);
    }
    Optional<String> system = conversation.system();
    tell(system.map(text -> "System message: " + text).orElse("There is no system message."));
    if (system.isPresent() && !loaded.model().hasSystemRole()) {
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
            + loaded.session().context()
            + " tokens are used"
            + (users.isEmpty() ? "." : ", by " + String.join(" and ", users) + "."));
  }

  private void model(String name) {
    if (!name.isEmpty()) {
      LoadedModel next;
      try {
        next = loader.load(name);
      } catch (IOException | KernelTierException e) {
        throw new Failures.Failure(Objects.requireNonNull(Failures.sentence(e)));
      }
      List<ChatMessage> said = conversation.messages();
      loaded.close();
      loaded = next;
      conversation = conversation(next);
      conversation.restore(said);
      noteTemplate();
    }
    tell(loaded.described() + ", " + loaded.model().path());
  }

  private void save(String argument) {
    Path file = file(argument, "/save");
    List<ChatMessage> all = new ArrayList<>(conversation.messages());
    all.addAll(conversation.system().isPresent() ? 1 : 0, dropped);
    Transcript.write(file, all, file.equals(saved));
    saved = file;
    tell("Saved to " + file + ".");
  }

  private void load(String argument) {
    Path file = file(argument, "/load");
    List<ChatMessage> said;
    try {
      said = Transcript.read(file);
    } catch (IOException e) {
      throw new Failures.Failure(Objects.requireNonNull(Failures.sentence(e)));
    }
    conversation.restore(said);
    dropped.clear();
    saved = null;
    tell("Going on with " + said.size() + " messages from " + file + ".");
  }

  private static Path file(String argument, String command) {
    if (argument.isEmpty()) {
      throw new Failures.Failure("Name the file: " + command + " FILE.");
    }
    try {
      return Path.of(argument);
    } catch (InvalidPathException e) {
      throw new Failures.Failure(argument + " is not a file name.");
    }
  }

  @Override
  public void close() {
    loaded.close();
  }
}
