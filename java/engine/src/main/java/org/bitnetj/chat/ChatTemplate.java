package org.bitnetj.chat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bitnetj.chat.jinja.JinjaException;
import org.bitnetj.chat.jinja.JinjaTemplate;
import org.bitnetj.error.ChatTemplateException;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.source.json.Json;
import org.bitnetj.tokenizer.Segment;
import org.bitnetj.tokenizer.Tokenizer;

/**
 * The conversation format of a model. Only the template can produce special tokens: a message that
 * spells one stays plain text. Plain text is tokenized as one run, across the borders of template
 * and message, as the models' own tooling does. Immutable and safe to share.
 */
public final class ChatTemplate {
  /**
   * The time a file's template has to render all {@link #PROBES}; a harmless one needs
   * milliseconds.
   */
  private static final Duration PROBES_LIMIT = Duration.ofSeconds(5);

  private static final Duration NO_LIMIT = Duration.ofNanos(Long.MAX_VALUE);

  private final Tokenizer tokenizer;
  private final String name;
  private final Optional<String> note;
  private final Thinking thinking;
  private final Set<Integer> stops;
  private final Rendering rendering;

  @FunctionalInterface
  private interface Rendering {
    List<Segment> render(
        List<ChatMessage> messages,
        ChatSettings settings,
        boolean generationPrompt,
        Duration limit);
  }

  private ChatTemplate(
      Tokenizer tokenizer,
      String name,
      Optional<String> note,
      Thinking thinking,
      Set<Integer> stops,
      Rendering rendering) {
    this.tokenizer = tokenizer;
    this.name = name;
    this.note = note;
    this.thinking = thinking;
    this.stops = stops;
    this.rendering = rendering;
  }

  /**
   * The template of a model file, empty for a model that only completes text.
   *
   * <ul>
   *   <li>A file of architecture {@code bitnet-b1.58} or {@code bitnet-25} without a template, or
   *       with the placeholder of Microsoft's files, has the 2B-4T format if its vocabulary has
   *       {@code <|eot_id|>}.
   *   <li>Any other template is read as Jinja; one that behaves as a known format has its name.
   *   <li>A template that cannot be read, or that takes too long, is replaced by the known format
   *       whose marks it has, and {@link #note} says so.
   *   <li>Without a template, the vocabulary's special tokens tell the format.
   * </ul>
   *
   * @param source the file's template, blank if it has none
   * @param family the label of the model's architecture
   * @param tokenizer the tokenizer of the same model
   * @return the template; empty if the model has none
   * @throws ModelFileException when the file has a template that can neither be read nor replaced
   * @throws ChatTemplateException when the thread is interrupted while it tries the file's
   *     template; its interrupt status stays set
   */
  public static Optional<ChatTemplate> of(String source, String family, Tokenizer tokenizer)
      throws ModelFileException {
    Objects.requireNonNull(source, "source is null");
    Objects.requireNonNull(family, "family is null");
    Objects.requireNonNull(tokenizer, "tokenizer is null");
    return of(source, family, tokenizer, PROBES_LIMIT);
  }

  /**
   * Like {@link #of(String, String, Tokenizer)}, with a time limit.
   *
   * @param limit the time that the file's template has to render the {@link #PROBES}
   */
  static Optional<ChatTemplate> of(
      String source, String family, Tokenizer tokenizer, Duration limit) throws ModelFileException {
    boolean missing = source.isBlank() || source.contains("BITNETAssistant: ");
    if (missing && Architecture.isBitNet2B4T(family) && ChatFormat.BITNET.fits(tokenizer)) {
      return Optional.of(known(ChatFormat.BITNET, tokenizer, Optional.empty()));
    }
    if (source.isBlank()) {
      return ChatFormat.fitting(tokenizer)
          .map(format -> known(format, tokenizer, Optional.empty()));
    }
    try {
      return Optional.of(read(source, "the file's own", tokenizer, limit));
    } catch (JinjaException e) {
      if (e.isInterruption()) {
        throw new ChatTemplateException("Reading the model's chat template was interrupted.", e);
      }
      return Optional.of(byMarks(source, tokenizer, e));
    }
  }

  /**
   * A template that the user gives in the place of the model's own, read as Jinja.
   *
   * @param source the text of the template
   * @param tokenizer the tokenizer of the same model
   * @return the template
   * @throws ChatTemplateException if it cannot be read or takes too long, or when the thread is
   *     interrupted meanwhile; its interrupt status stays set
   */
  public static ChatTemplate given(String source, Tokenizer tokenizer) {
    Objects.requireNonNull(source, "source is null");
    Objects.requireNonNull(tokenizer, "tokenizer is null");
    try {
      return read(source, "the one given", tokenizer, PROBES_LIMIT);
    } catch (JinjaException e) {
      throw new ChatTemplateException(
          "The chat template that was given cannot be used: " + e.getMessage(), e);
    }
  }

  private static ChatTemplate known(ChatFormat format, Tokenizer tokenizer, Optional<String> note) {
    Rendering rendering = builtIn(format, tokenizer);
    return new ChatTemplate(
        tokenizer,
        format.title(),
        note,
        Thinking.UNKNOWN,
        stops(rendering, tokenizer, System.nanoTime()),
        rendering);
  }

  private static Rendering builtIn(ChatFormat format, Tokenizer tokenizer) {
    String bos = spelling(tokenizer, tokenizer.bos());
    return (messages, settings, generationPrompt, noLimit) -> {
      if (!settings.tools().isEmpty()
          || messages.stream().anyMatch(m -> m.toolCalls().isPresent())) {
        throw new ChatTemplateException(
            "The " + format.title() + " chat format has no place for tools.");
      }
      return format.render(messages, generationPrompt, bos);
    };
  }

  private static ChatTemplate read(
      String source, String name, Tokenizer tokenizer, Duration limit) {
    JinjaTemplate template = JinjaTemplate.parse(source);
    Map<String, String> strings =
        Map.of(
            "bos_token", spelling(tokenizer, tokenizer.bos()),
            "eos_token", spelling(tokenizer, tokenizer.eos()));
    Rendering rendering =
        (messages, settings, generationPrompt, left) ->
            template.render(
                messages.stream().map(ChatTemplate::message).toList(),
                strings,
                flags(settings, generationPrompt),
                settings.tools().isEmpty() ? Map.of() : Map.of("tools", tools(settings)),
                left);
    long deadline = System.nanoTime() + limit.toNanos();
    List<ChatFormat> same = new ArrayList<>(List.of(ChatFormat.values()));
    same.removeIf(format -> !format.fits(tokenizer));
    for (List<ChatMessage> messages : PROBES) {
      String text = probe(rendering, messages, ChatSettings.DEFAULTS, deadline);
      same.removeIf(
          format ->
              !probe(builtIn(format, tokenizer), messages, ChatSettings.DEFAULTS, deadline)
                  .equals(text));
    }
    return new ChatTemplate(
        tokenizer,
        same.isEmpty() ? name : same.getFirst().title(),
        Optional.empty(),
        thinking(source, rendering, deadline),
        stops(rendering, tokenizer, deadline),
        rendering);
  }

  private static Thinking thinking(String source, Rendering rendering, long deadline) {
    ChatSettings defaults = ChatSettings.DEFAULTS;
    List<ChatMessage> messages = PROBES.getFirst();
    String with = probe(rendering, messages, defaults.withThinking(true), deadline);
    String without = probe(rendering, messages, defaults.withThinking(false), deadline);
    if (!with.equals(without)) {
      return Thinking.OPTIONAL;
    }
    return source.contains(ThinkingSplitter.END) ? Thinking.FIXED : Thinking.UNKNOWN;
  }

  /** The end tokens of the tokenizer, and the special token that comes after an answer. */
  private static Set<Integer> stops(Rendering rendering, Tokenizer tokenizer, long deadline) {
    Set<Integer> stops = new TreeSet<>(tokenizer.endTokens());
    String answer = "4711";
    ChatMessage user = ChatMessage.user("Hi");
    String text =
        probe(
            rendering,
            List.of(user, ChatMessage.assistant(answer), user),
            ChatSettings.DEFAULTS,
            deadline);
    int end = text.indexOf(answer) + answer.length();
    if (text.contains(answer)) {
      String rest = text.substring(end).stripLeading();
      int[] ids = tokenizer.encode(List.of(Segment.trusted(rest)));
      if (ids.length > 0 && tokenizer.isSpecial(ids[0])) {
        stops.add(ids[0]);
      }
    }
    return Collections.unmodifiableSet(stops);
  }

  private static JinjaTemplate.Message message(ChatMessage message) {
    return new JinjaTemplate.Message(
        message.role(),
        message.content(),
        message.toolCalls().map(calls -> JsonText.objects("Tool calls", calls)));
  }

  private static Map<String, Boolean> flags(ChatSettings settings, boolean generationPrompt) {
    Map<String, Boolean> flags = new HashMap<>();
    flags.put("add_generation_prompt", generationPrompt);
    settings.thinking().ifPresent(thinking -> flags.put("enable_thinking", thinking));
    return flags;
  }

  private static Json tools(ChatSettings settings) {
    return new Json.Items(
        settings.tools().stream().map(tool -> JsonText.object("A tool definition", tool)).toList());
  }

  /** Conversations that distinguish the formats, and the variants of each. */
  private static final List<List<ChatMessage>> PROBES =
      List.of(
          List.of(ChatMessage.user(" Hi there!\n")),
          List.of(ChatMessage.system("Be\nbrief. "), ChatMessage.user("Hi")),
          List.of(
              ChatMessage.user("Hi"),
              ChatMessage.assistant("<think>\nWell.\n</think>\n\nHello! "),
              ChatMessage.user("Who are you?")),
          List.of(
              ChatMessage.system("a"),
              ChatMessage.user("b"),
              ChatMessage.assistant("c"),
              ChatMessage.user("d"),
              ChatMessage.assistant(" e")));

  /**
   * The texts of a conversation without and with generation prompt. Where the template refuses the
   * conversation, its message replaces the text.
   *
   * @param deadline by {@link System#nanoTime()}
   * @throws JinjaException when the template fails, not when it refuses
   */
  private static String probe(
      Rendering rendering, List<ChatMessage> messages, ChatSettings settings, long deadline) {
    StringBuilder text = new StringBuilder();
    for (boolean generationPrompt : new boolean[] {false, true}) {
      Duration left = Duration.ofNanos(deadline - System.nanoTime());
      try {
        rendering
            .render(messages, settings, generationPrompt, left)
            .forEach(segment -> text.append(segment.text()));
      } catch (JinjaException e) {
        if (!e.isRaisedByTemplate()) {
          throw e;
        }
        text.append("Refused: ").append(e.getMessage());
      }
    }
    return text.toString();
  }

  private static ChatTemplate byMarks(String source, Tokenizer tokenizer, JinjaException reason)
      throws ModelFileException {
    for (ChatFormat format : List.of(ChatFormat.LLAMA3, ChatFormat.CHATML, ChatFormat.FALCON3)) {
      if (format.isWrittenIn(source) && format.fits(tokenizer)) {
        String note =
            "The file's own chat template cannot be read, so chats have the "
                + format.title()
                + " format, whose marks it has. "
                + reason.getMessage();
        return known(format, tokenizer, Optional.of(note));
      }
    }
    throw new ModelFileException(
        "tokenizer.chat_template cannot be read. " + reason.getMessage(), reason);
  }

  private static String spelling(Tokenizer tokenizer, OptionalInt id) {
    return id.isPresent() ? new String(tokenizer.bytes(id.getAsInt()), StandardCharsets.UTF_8) : "";
  }

  /**
   * {@return what people call the format: "Llama 3", "ChatML", …, "the file's own" or "the one
   * given"}
   */
  public String name() {
    return name;
  }

  /** {@return a sentence for the user, if the format differs from what the file says} */
  public Optional<String> note() {
    return note;
  }

  /** {@return what the format knows of thinking} */
  public Thinking thinking() {
    return thinking;
  }

  /**
   * {@return whether the text that starts an answer opens a block of thinking, which the model
   * closes}
   *
   * @param settings tools, and whether to think
   */
  public boolean opensThinking(ChatSettings settings) {
    Objects.requireNonNull(settings, "settings is null");
    try {
      return joined(render(PROBES.getFirst(), settings, true))
          .stripTrailing()
          .endsWith(ThinkingSplitter.START);
    } catch (ChatTemplateException e) {
      return false;
    }
  }

  /**
   * {@return every token that ends the model's turn: those of the tokenizer, and the special token
   * that the format puts after an answer}
   */
  public Set<Integer> stopTokens() {
    return stops;
  }

  private static String joined(List<Segment> segments) {
    return segments.stream().map(Segment::text).collect(Collectors.joining());
  }

  /**
   * As {@link #render(List, ChatSettings, boolean)}, with the default settings.
   *
   * @param messages the conversation, the oldest first
   * @param generationPrompt whether the text ends with the beginning of an answer, for the model to
   *     go on
   * @return the text, in trusted and untrusted parts
   */
  public List<Segment> render(List<ChatMessage> messages, boolean generationPrompt) {
    return render(messages, ChatSettings.DEFAULTS, generationPrompt);
  }

  /**
   * The conversation as the text the model was trained on, beginning-of-text token included where
   * the format has one.
   *
   * @param messages the conversation, the oldest first
   * @param settings tools, and whether to think
   * @param generationPrompt whether the text ends with the marks that start the assistant's answer
   * @return the text, in trusted and untrusted parts
   * @throws ChatTemplateException when the template refuses the messages or fails on them, and when
   *     the thread is interrupted, whose interrupt status stays set
   * @throws IllegalArgumentException when there are none
   */
  public List<Segment> render(
      List<ChatMessage> messages, ChatSettings settings, boolean generationPrompt) {
    Objects.requireNonNull(messages, "messages is null");
    Objects.requireNonNull(settings, "settings is null");
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("A chat needs at least one message.");
    }
    try {
      return rendering.render(messages, settings, generationPrompt, NO_LIMIT);
    } catch (JinjaException e) {
      if (e.isInterruption()) {
        throw new ChatTemplateException("Rendering the model's chat template was interrupted.", e);
      }
      String what = e.isRaisedByTemplate() ? "refuses these messages" : "fails on these messages";
      throw new ChatTemplateException(
          "The model's chat template " + what + ": " + e.getMessage(), e);
    }
  }

  /**
   * As {@link #encode(List, ChatSettings, boolean)}, with the default settings.
   *
   * @param messages the conversation, the oldest first
   * @param generationPrompt whether the text ends with the beginning of an answer, for the model to
   *     go on
   * @return its tokens
   */
  public int[] encode(List<ChatMessage> messages, boolean generationPrompt) {
    return encode(messages, ChatSettings.DEFAULTS, generationPrompt);
  }

  /**
   * The ids of {@link #render(List, ChatSettings, boolean)}.
   *
   * @param messages the conversation, the oldest first
   * @param settings tools, and whether to think
   * @param generationPrompt whether the text ends with the beginning of an answer, for the model to
   *     go on
   * @return its tokens
   */
  public int[] encode(List<ChatMessage> messages, ChatSettings settings, boolean generationPrompt) {
    Objects.requireNonNull(messages, "messages is null");
    Objects.requireNonNull(settings, "settings is null");
    return tokenizer.encode(render(messages, settings, generationPrompt));
  }
}
