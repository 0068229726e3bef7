package org.bitnetj.chat.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitnetj.tokenizer.Segment;

/**
 * A chat template in the Jinja language, as {@code tokenizer.chat_template} of a model file holds
 * it. Reads what chat templates use: {@code if}, {@code for}, {@code set}, {@code macro}, filters,
 * tests, slices, string methods, {@code namespace}, {@code raise_exception}, white space control;
 * not inheritance, imports or calls with bodies. White space is treated as in Hugging Face's {@code
 * apply_chat_template}. Immutable and safe to share.
 */
public final class JinjaTemplate {
  /** The longest template read, in characters; the longest published ones have some 20,000. */
  private static final int MAX_SOURCE = 1 << 20;

  private static final long STEPS = 1_000_000;
  private static final long STEPS_PER_MESSAGE = 20_000;
  private static final long CHARACTERS = 4_000_000;
  private static final long CHARACTERS_PER_CHARACTER = 64;

  private final List<Node> nodes;

  private JinjaTemplate(List<Node> nodes) {
    this.nodes = nodes;
  }

  /**
   * @throws JinjaException when the template is malformed or uses what is not known here
   */
  public static JinjaTemplate parse(String source) {
    if (source.length() > MAX_SOURCE) {
      throw new JinjaException(
          "The template has " + source.length() + " characters; " + MAX_SOURCE + " are read.");
    }
    try {
      return new JinjaTemplate(Parser.parse(source));
    } catch (StackOverflowError e) {
      throw new JinjaException("The template nests too deeply.");
    }
  }

  /** A message as a template sees it: a role, which the program vouches for, and what was said. */
  public record Message(String role, String content) {}

  /**
   * The text of a chat.
   *
   * @param messages become {@code messages}; their contents are untrusted, their roles trusted
   * @param strings further variables, trusted: {@code bos_token} …
   * @param flags further variables: {@code add_generation_prompt} …
   * @throws JinjaException when the template refuses the messages, fails, or takes too long
   */
  public List<Segment> render(
      List<Message> messages, Map<String, String> strings, Map<String, Boolean> flags) {
    Scope scope = new Scope(null);
    Interpreter.addGlobals(scope);
    strings.forEach((name, value) -> scope.set(name, Text.trusted(value)));
    flags.forEach((name, value) -> scope.set(name, Value.Bool.of(value)));
    long characters = 0;
    for (Message message : messages) {
      characters += message.content().length();
    }
    scope.set("messages", new Value.Items(messages.stream().map(JinjaTemplate::value).toList()));
    Budget budget =
        new Budget(
            STEPS + STEPS_PER_MESSAGE * messages.size() + characters,
            CHARACTERS + CHARACTERS_PER_CHARACTER * characters);
    try {
      return new Interpreter(budget).render(nodes, scope).segments();
    } catch (StackOverflowError e) {
      throw new JinjaException("The template nests too deeply.");
    }
  }

  private static Value value(Message message) {
    Map<Text, Value> entries = new LinkedHashMap<>();
    entries.put(Text.trusted("role"), Text.trusted(message.role()));
    entries.put(Text.trusted("content"), Text.of(message.content(), false));
    return new Value.Dict(entries, false);
  }
}
