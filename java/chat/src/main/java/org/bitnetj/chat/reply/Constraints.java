package org.bitnetj.chat.reply;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitnetj.constraint.Constraint;
import org.bitnetj.constraint.ConstraintCompiler;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.error.GrammarException;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;

/** Holds answers to a format, or to calls of functions. Thread-safe. */
final class Constraints {
  /** Most calls in an answer that must have some. */
  private static final int MOST_CALLS = 8;

  private final Tokenizer tokenizer;
  private final boolean listed;
  private @Nullable ConstraintCompiler compiler;

  /**
   * @param listed whether all calls of an answer are one array
   */
  Constraints(Tokenizer tokenizer, boolean listed) {
    this.tokenizer = tokenizer;
    this.listed = listed;
  }

  /** Reads the vocabulary when it is first needed: of a large one that takes a second or two. */
  private synchronized ConstraintCompiler compiler() {
    if (compiler == null) {
      compiler = new ConstraintCompiler(tokenizer);
    }
    return compiler;
  }

  /**
   * What an answer is held to; empty if it is free.
   *
   * @param opensThinking whether the answer begins within thinking, which stays free
   * @throws GrammarException if it cannot be held to that
   */
  Optional<Constraint> of(Optional<Grammar> format, Tools tools, boolean opensThinking) {
    Optional<Grammar> wanted = format;
    if (tools.choice() == Tools.Choice.REQUIRED) {
      wanted = Optional.of(calls(tools));
    } else if (format.isPresent() && tools.isPresent() && tools.choice() == Tools.Choice.AUTO) {
      wanted = Optional.of(Grammar.choice(format.get(), calls(tools)));
    }
    if (wanted.isEmpty()) {
      return Optional.empty();
    }
    Grammar whole =
        opensThinking
            ? Grammar.sequence(
                Grammar.regex("([^<]|<[^/])*"),
                mark("</think>"),
                Grammar.regex("\\n{0,2}"),
                wanted.get())
            : wanted.get();
    return Optional.of(compiler().compile(whole));
  }

  /** One call or more, in the model's form, which {@link ReplyParser} reads. */
  private Grammar calls(Tools tools) {
    List<Grammar> each = new ArrayList<>();
    for (var function : tools.functions()) {
      String name = function.get("name").textValue();
      if (tools.only().isEmpty() || tools.only().get().equals(name)) {
        each.add(
            Grammar.sequence(
                Grammar.text("{\"name\": \"" + name + "\", \"arguments\": "),
                parameters((ObjectNode) function.get("parameters"), name),
                Grammar.text("}")));
      }
    }
    Grammar call = Grammar.choice(each);
    int most = tools.several() ? MOST_CALLS : 1;
    if (listed) {
      return marked("\n[\n  ", several(call, ",\n  ", most), "\n]\n");
    }
    return several(marked("\n", call, "\n"), "\n", most);
  }

  private static Grammar several(Grammar one, String between, int most) {
    return Grammar.sequence(
        one, Grammar.repeat(Grammar.sequence(Grammar.text(between), one), 0, most - 1));
  }

  private Grammar marked(String before, Grammar calls, String after) {
    return Grammar.sequence(
        mark(ReplyParser.CALL),
        Grammar.text(before),
        calls,
        Grammar.text(after),
        mark(ReplyParser.CALL_END));
  }

  private static Grammar parameters(ObjectNode schema, String name) {
    try {
      return Grammar.jsonSchema(Tools.ofObjects(schema).toString());
    } catch (GrammarException e) {
      throw new GrammarException("parameters of " + name + ": " + e.getMessage());
    }
  }

  /** A token where the vocabulary has one of that name, else text. */
  private Grammar mark(String name) {
    OptionalInt token = tokenizer.findSpecial(name);
    return token.isPresent() ? Grammar.token(token.getAsInt()) : Grammar.text(name);
  }
}
