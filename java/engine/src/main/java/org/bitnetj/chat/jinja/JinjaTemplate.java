package org.bitnetj.chat.jinja;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.source.json.Json;
import org.bitnetj.tokenizer.Segment;

/**
 * A chat template in the Jinja language, as in {@code tokenizer.chat_template} of a model file.
 * Supports what chat templates use: {@code if}, {@code for}, {@code set}, {@code macro}, filters,
 * tests, slices, string methods, {@code namespace}, {@code raise_exception} and white space
 * control. Does not support inheritance, imports, recursive loops or calls with bodies; tuples are
 * lists, and there is no arithmetic of whole numbers beyond 64 bits. Treats white space as Hugging
 * Face's {@code apply_chat_template} does. Immutable and safe to share.
 *
 * <p>The length of the chat bounds the time and memory of a render. A template that needs more, or
 * whose thread is interrupted, soon ends with an exception.
 */
public final class JinjaTemplate {
  /** Characters of the longest template that is read; published ones have up to 20,000. */
  private static final int MAX_SOURCE = 1 << 20;

  private static final long STEPS = 1_000_000;
  private static final long STEPS_PER_MESSAGE = 20_000;
  private static final long STEPS_PER_CHARACTER = 8;
  private static final long CHARACTERS = 4_000_000;
  private static final long CHARACTERS_PER_CHARACTER = 64;

  private final List<Node> nodes;

  private JinjaTemplate(List<Node> nodes) {
    this.nodes = nodes;
  }

  /**
   * @throws JinjaException when the template is malformed or uses what this package does not
   *     support
   */
  public static JinjaTemplate parse(String source) {
    if (source.length() > MAX_SOURCE) {
      throw new JinjaException(
          "The template has "
              + source.length()
              + " characters; "
              + MAX_SOURCE
              + " are the most that can be read.");
    }
    try {
      return new JinjaTemplate(Parser.parse(source));
    } catch (StackOverflowError e) {
      throw new JinjaException("The template nests too deeply.");
    }
  }

  /**
   * A message as a template sees it: a trusted role, an untrusted content, and for the variable
   * {@code tool_calls} untrusted JSON.
   */
  public record Message(String role, String content, Optional<Json> toolCalls) {
    public Message(String role, String content) {
      this(role, content, Optional.empty());
    }
  }

  /** Like {@link #render(List, Map, Map, Map, Duration)}, without JSON and a time limit. */
  public List<Segment> render(
      List<Message> messages, Map<String, String> strings, Map<String, Boolean> flags) {
    return render(messages, strings, flags, Map.of(), Duration.ofNanos(Long.MAX_VALUE));
  }

  /**
   * The text of a chat.
   *
   * @param messages the variable {@code messages}; contents are untrusted, roles trusted
   * @param strings further variables, trusted, such as {@code bos_token}
   * @param flags further variables, such as {@code add_generation_prompt}
   * @param data further variables, untrusted, such as {@code tools}
   * @param limit how long the render may take, in addition to the bound on its work
   * @throws JinjaException when the template refuses the messages, fails, or takes too much work or
   *     time, and when the thread is interrupted, whose interrupt status stays set
   */
  public List<Segment> render(
      List<Message> messages,
      Map<String, String> strings,
      Map<String, Boolean> flags,
      Map<String, Json> data,
      Duration limit) {
    Scope scope = new Scope(null);
    Interpreter.addGlobals(scope);
    strings.forEach((name, value) -> scope.set(name, Text.trusted(value)));
    flags.forEach((name, value) -> scope.set(name, Value.Bool.of(value)));
    long characters = 0;
    for (Message message : messages) {
      characters += message.content().length();
      characters += message.toolCalls().map(JsonValues::characters).orElse(0L);
    }
    for (Map.Entry<String, Json> entry : data.entrySet()) {
      characters += JsonValues.characters(entry.getValue());
      scope.set(entry.getKey(), JsonValues.of(entry.getValue()));
    }
    scope.set("messages", new Value.Items(messages.stream().map(JinjaTemplate::value).toList()));
    Budget budget =
        new Budget(
            STEPS + STEPS_PER_MESSAGE * messages.size() + STEPS_PER_CHARACTER * characters,
            CHARACTERS + CHARACTERS_PER_CHARACTER * characters,
            limit.toNanos());
    try {
      return new Interpreter(budget).render(nodes, scope).segments();
    } catch (StackOverflowError e) {
      throw new JinjaException("The template nests too deeply for this thread's stack.");
    }
  }

  private static Value value(Message message) {
    Map<Value, Value> entries = new LinkedHashMap<>();
    entries.put(Text.trusted("role"), Text.trusted(message.role()));
    entries.put(Text.trusted("content"), Text.of(message.content(), false));
    message
        .toolCalls()
        .ifPresent(calls -> entries.put(Text.trusted("tool_calls"), JsonValues.of(calls)));
    return new Value.Dict(entries, false);
  }
}
