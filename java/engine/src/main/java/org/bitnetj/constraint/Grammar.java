package org.bitnetj.constraint;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.bitnetj.constraint.automaton.ByteDfa;
import org.bitnetj.constraint.automaton.CharDfa;
import org.bitnetj.constraint.automaton.PatternException;
import org.bitnetj.constraint.automaton.PatternNfa;
import org.bitnetj.constraint.automaton.StringSpelling;
import org.bitnetj.constraint.automaton.TooManyStatesException;
import org.bitnetj.constraint.pushdown.Node;
import org.bitnetj.constraint.schema.SchemaCompiler;
import org.bitnetj.error.GrammarException;

/**
 * What an output may be: text, special tokens and JSON values, put together. There is at least one
 * output that a grammar allows. Immutable; two grammars are equal if they were made alike. A call
 * of a tool by a model that marks it with special tokens is, for example,
 *
 * <pre>{@code
 * Grammar.sequence(
 *     Grammar.token(start),
 *     Grammar.text("\n{\"name\": \"weather\", \"arguments\": "),
 *     Grammar.jsonSchema(parameters),
 *     Grammar.text("}\n"),
 *     Grammar.token(end))
 * }</pre>
 *
 * and calls of any of several tools are a {@link #repeat} of a {@link #choice} of such sequences.
 */
public final class Grammar {
  /** For {@link #repeat}: no limit. */
  public static final int UNBOUNDED = Node.Repeat.UNBOUNDED;

  private static final int MOST_REPEATS = 1 << 20;

  private final Node node;
  private final List<Object> description;

  private Grammar(Node node, Object... description) {
    this.node = node;
    this.description = List.of(description);
  }

  /**
   * {@return a grammar for this text and nothing else, perhaps empty}
   *
   * @param text in which special tokens have no meaning
   */
  public static Grammar text(String text) {
    Objects.requireNonNull(text, "text is null");
    if (!StringSpelling.isSpellable(text)) {
      throw new GrammarException("A text has a surrogate without its partner; no token spells it.");
    }
    try {
      return new Grammar(new Node.Terminal(ByteDfa.ofText(text)), "text", text);
    } catch (TooManyStatesException e) {
      throw new GrammarException("A text of " + text.length() + " characters is too long.");
    }
  }

  /**
   * {@return a grammar for one token, by its id: the way to special tokens, which are never text}
   *
   * @param id of the vocabulary that the grammar is compiled for
   */
  public static Grammar token(int id) {
    if (id < 0) {
      throw new GrammarException("There is no token " + id + ".");
    }
    return new Grammar(new Node.Token(id), "token", id);
  }

  /**
   * {@return a grammar for the texts that a regular expression matches as a whole;
   * docs/constraints.md says which}
   *
   * @param pattern a regular expression
   */
  public static Grammar regex(String pattern) {
    Objects.requireNonNull(pattern, "pattern is null");
    try {
      CharDfa dfa = PatternNfa.compile(pattern, false);
      if (dfa.isEmpty()) {
        throw new GrammarException("A regular expression matches no text.");
      }
      return new Grammar(new Node.Terminal(StringSpelling.utf8(dfa)), "regex", pattern);
    } catch (PatternException | TooManyStatesException e) {
      throw new GrammarException("A regular expression " + e.getMessage() + ".");
    }
  }

  /** {@return a grammar for any JSON value} */
  public static Grammar json() {
    return jsonSchema("true");
  }

  /** {@return a grammar for any JSON object} */
  public static Grammar jsonObject() {
    return jsonSchema("{\"type\": \"object\"}");
  }

  /**
   * {@return a grammar for the JSON values that a JSON Schema allows (2020-12, or draft 7);
   * docs/constraints.md says what of it is supported}
   *
   * @param schema its text
   * @throws GrammarException if it is malformed, uses what is not supported, is too large, or
   *     allows no value
   */
  public static Grammar jsonSchema(String schema) {
    Objects.requireNonNull(schema, "schema is null");
    return new Grammar(SchemaCompiler.compile(schema), "jsonSchema", schema);
  }

  /**
   * {@return a grammar for those of the values that a JSON Schema allows that are objects, such as
   * the arguments of a call} What refers to the schema within itself still means all of its values.
   *
   * @param schema its text
   * @throws GrammarException as {@link #jsonSchema} does, or if it allows no object
   */
  public static Grammar objectsOfJsonSchema(String schema) {
    Objects.requireNonNull(schema, "schema is null");
    return new Grammar(SchemaCompiler.compileObjects(schema), "objectsOfJsonSchema", schema);
  }

  /**
   * {@return a grammar for what the parts allow, one after the other}
   *
   * @param parts grammars in order
   */
  public static Grammar sequence(Grammar... parts) {
    Objects.requireNonNull(parts, "parts is null");
    return sequence(Arrays.asList(parts));
  }

  /**
   * {@return a grammar for what the parts allow, one after the other}
   *
   * @param parts grammars in order
   */
  public static Grammar sequence(List<Grammar> parts) {
    Objects.requireNonNull(parts, "parts is null");
    List<Node> nodes = parts.stream().map(Grammar::node).toList();
    return new Grammar(new Node.Sequence(nodes), "sequence", List.copyOf(parts));
  }

  /**
   * {@return a grammar for what one of the parts allows}
   *
   * @param parts grammars in order
   */
  public static Grammar choice(Grammar... parts) {
    Objects.requireNonNull(parts, "parts is null");
    return choice(Arrays.asList(parts));
  }

  /**
   * {@return a grammar for what one of the parts allows}
   *
   * @param parts grammars in order
   * @throws GrammarException if there are none
   */
  public static Grammar choice(List<Grammar> parts) {
    Objects.requireNonNull(parts, "parts is null");
    if (parts.isEmpty()) {
      throw new GrammarException("A choice needs at least one alternative.");
    }
    List<Node> nodes = parts.stream().map(Grammar::node).toList();
    return new Grammar(new Node.Choice(nodes), "choice", List.copyOf(parts));
  }

  /**
   * {@return a grammar for what the part allows, or nothing}
   *
   * @param part what is repeated
   */
  public static Grammar optional(Grammar part) {
    return repeat(part, 0, 1);
  }

  /**
   * {@return a grammar for what the part allows, again and again}
   *
   * @param part what is repeated
   * @param min how often at least
   * @param max how often at most, or {@link #UNBOUNDED}
   * @throws GrammarException if the limits are negative, in the wrong order, or more than a million
   */
  public static Grammar repeat(Grammar part, int min, int max) {
    Objects.requireNonNull(part, "part is null");
    if (min < 0 || min > MOST_REPEATS || max < min || (max > MOST_REPEATS && max != UNBOUNDED)) {
      throw new GrammarException(
          "A repetition cannot have "
              + min
              + " to "
              + max
              + " parts; up to "
              + MOST_REPEATS
              + " are supported.");
    }
    return new Grammar(new Node.Repeat(part.node, min, max), "repeat", part, min, max);
  }

  Node node() {
    return node;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Grammar grammar && description.equals(grammar.description);
  }

  @Override
  public int hashCode() {
    return description.hashCode();
  }

  /** Kind and parts. */
  @Override
  public String toString() {
    return description.toString();
  }
}
